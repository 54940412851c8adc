//! Two bars for each server: its rate, and what that costs.

use super::svg::{Anchor, OURS, PEERS, Svg, short};

/// A server.
#[derive(Debug)]
pub struct Bar {
    /// Its name.
    pub label: String,
    /// Drawn in our colour.
    pub is_ours: bool,
    /// One for each panel.
    pub values: [f64; 2],
}

const NAMES: f64 = 250.0;
const PANEL: f64 = 270.0;
const ROW: f64 = 22.0;
const TOP: f64 = 52.0;

/// Draws the bars; each panel has a scale of its own, from zero.
pub fn draw(title: &str, panels: [&str; 2], bars: &[Bar]) -> String {
    let mut svg = Svg::new(NAMES + 2.0 * PANEL, TOP + ROW * bars.len() as f64 + 10.0);
    svg.text((8.0, 18.0), Anchor::Start, title);
    for (i, panel) in panels.into_iter().enumerate() {
        let left = NAMES + PANEL * i as f64;
        svg.text((left, 40.0), Anchor::Start, panel);
        let most = bars.iter().map(|bar| bar.values[i]).fold(f64::MIN_POSITIVE, f64::max);
        for (row, bar) in bars.iter().enumerate() {
            let y = TOP + ROW * row as f64;
            let width = bar.values[i] / most * (PANEL - 70.0);
            svg.bar((left, y), width, if bar.is_ours { OURS } else { PEERS });
            svg.text((left + width + 5.0, y + 11.0), Anchor::Start, &short(bar.values[i]));
        }
    }
    for (row, bar) in bars.iter().enumerate() {
        svg.text((NAMES - 8.0, TOP + ROW * row as f64 + 11.0), Anchor::End, &bar.label);
    }
    svg.finish()
}
