//! How something grows with the number of connections.

use super::svg::{Anchor, OURS, PEERS, Svg, short};
use crate::rates::thousands;

/// A server's curve.
#[derive(Debug)]
pub struct Curve {
    /// Its name.
    pub label: String,
    /// Drawn in our colour.
    pub is_ours: bool,
    /// Connections, and what is shown.
    pub points: Vec<(f64, f64)>,
}

const LEFT: f64 = 60.0;
const WIDTH: f64 = 520.0;
const NAMES: f64 = 250.0;
const TOP: f64 = 50.0;
const HEIGHT: f64 = 220.0;

/// Draws the curves; the axis of connections is logarithmic, the other one starts at zero.
pub fn draw(title: &str, axis: &str, curves: &[Curve]) -> String {
    let mut svg = Svg::new(LEFT + WIDTH + NAMES, TOP + HEIGHT + 45.0);
    svg.text((8.0, 18.0), Anchor::Start, title);
    svg.text((8.0, 38.0), Anchor::Start, axis);
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let most_x = all().map(|it| it.0).fold(10.0, f64::max);
    let most_y = all().map(|it| it.1).fold(f64::MIN_POSITIVE, f64::max);
    let x = |value: f64| LEFT + value.max(1.0).log10() / most_x.log10() * WIDTH;
    let y = |value: f64| TOP + HEIGHT - value / most_y * HEIGHT;
    for quarter in 0..=4 {
        let value = most_y * f64::from(quarter) / 4.0;
        svg.rule((LEFT, y(value)), (LEFT + WIDTH, y(value)));
        svg.text((LEFT - 6.0, y(value) + 4.0), Anchor::End, &short(value));
    }
    // From the right, so that the last one is there; what would touch it is left out.
    let mut free = f64::MAX;
    for (value, _) in curves.first().map_or(&[][..], |curve| &curve.points).iter().rev() {
        if x(*value) < free {
            svg.text((x(*value), TOP + HEIGHT + 18.0), Anchor::Middle, &thousands(*value));
            free = x(*value) - 45.0;
        }
    }
    svg.text((LEFT + WIDTH / 2.0, TOP + HEIGHT + 38.0), Anchor::Middle, "connections");
    // The names stand where the curves end, but not one over another.
    let mut ends: Vec<_> = curves.iter().filter_map(|it| Some((it, y(it.points.last()?.1)))).collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free = 0.0_f64;
    for (curve, end) in ends {
        let points: Vec<_> = curve.points.iter().map(|(a, b)| (x(*a), y(*b))).collect();
        svg.line(&points, if curve.is_ours { OURS } else { PEERS }, 2.0);
        let at = end.max(free);
        free = at + 15.0;
        svg.text((LEFT + WIDTH + 8.0, at + 4.0), Anchor::Start, &curve.label);
    }
    svg.finish()
}
