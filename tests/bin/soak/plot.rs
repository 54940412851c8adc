//! The plot: a panel for each measure, a line for each mix-in.

use crate::samples::{MEASURES, Measure, Series};
use std::fmt::Write as _;

const COLOURS: [&str; 6] = ["#1b6ca8", "#d1495b", "#2e8b57", "#8e5ea2", "#e08e0b", "#555555"];
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 170.0;
const LEFT: f64 = 60.0;

pub(crate) fn draw(all: &[Series]) -> String {
    let mut svg = String::new();
    let _ = draw_to(&mut svg, all); // a string takes everything
    svg
}

fn draw_to(svg: &mut String, all: &[Series]) -> std::fmt::Result {
    let full = (HEIGHT + 50.0) * MEASURES.len() as f64 + 40.0;
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="900" height="{full}" font-family="sans-serif" font-size="12">"#
    )?;
    writeln!(svg, r##"<rect width="900" height="{full}" fill="#fff"/>"##)?;
    let samples = || all.iter().flat_map(|series| &series.samples);
    let end = samples().map(|it| it.at.as_secs_f64()).fold(1.0, f64::max);
    for (number, Measure { name, of, .. }) in MEASURES.iter().enumerate() {
        let top = 30.0 + number as f64 * (HEIGHT + 50.0);
        let most = samples().map(of).fold(1.0, f64::max) * 1.05;
        writeln!(svg, r#"<text x="{LEFT}" y="{}">{name}</text>"#, top - 8.0)?;
        writeln!(
            svg,
            r##"<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#bbb"/>"##
        )?;
        for part in [0.0, 0.5, 1.0] {
            let (x, y) = (LEFT + part * WIDTH, top + HEIGHT * (1.0 - part));
            writeln!(
                svg,
                r#"<text x="{}" y="{}" text-anchor="end">{:.0}</text>"#,
                LEFT - 5.0,
                y + 4.0,
                most * part
            )?;
            let minutes = end * part / 60.0;
            writeln!(
                svg,
                r#"<text x="{x}" y="{}" text-anchor="middle">{minutes:.1} min</text>"#,
                top + HEIGHT + 16.0
            )?;
        }
        for (series, colour) in all.iter().zip(COLOURS) {
            write!(svg, r#"<polyline fill="none" stroke="{colour}" stroke-width="1.2" points=""#)?;
            for sample in &series.samples {
                let x = LEFT + sample.at.as_secs_f64() / end * WIDTH;
                write!(svg, "{x:.1},{:.1} ", top + HEIGHT * (1.0 - of(sample) / most))?;
            }
            writeln!(svg, r#""/>"#)?;
        }
    }
    for (number, (series, colour)) in all.iter().zip(COLOURS).enumerate() {
        let x = LEFT + number as f64 * 120.0;
        writeln!(svg, r#"<text x="{x}" y="{}" fill="{colour}">{}</text>"#, full - 12.0, series.name)?;
    }
    writeln!(svg, "</svg>")
}
