//! The drawing: two lines for the two ends, an arrow for each segment, states beside the lines where they change.

use crate::{
    capture::Segment,
    state::{received, sent},
};
use std::fmt::Write;

const WIDTH: u32 = 760;
/// Where the lines of client and server are.
const CLIENT: u32 = 190;
const SERVER: u32 = 570;
/// Where the first segment begins, how far down an arrow leads, and the next one begins.
const TOP: u32 = 80;
const SLOPE: u32 = 26;
const STEP: u32 = 50;

const STYLE: &str = "\
<style>
text { font: 13px sans-serif; fill: #222; }
.title { font-weight: bold; font-size: 15px; }
.state { font-weight: bold; fill: #1a5fb4; }
.segment { font-family: monospace; font-size: 12px; }
line { stroke: #222; stroke-width: 1.5; }
</style>
<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" orient=\"auto\">\
<path d=\"M0 0L10 5L0 10z\" fill=\"#222\"/></marker></defs>
";

/// One end, as it is drawn.
struct End {
    x: u32,
    state: &'static str,
}

/// The picture; `None` if the first segment doesn't ask for a connection.
pub(crate) fn draw(segments: &[Segment]) -> Option<String> {
    let first = segments.first().filter(|it| it.flags == "S")?;
    let height = TOP + segments.len() as u32 * STEP + 30;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n{STYLE}"
    );
    let mut put = |line: String| {
        svg.push_str(&line);
        svg.push('\n');
    };
    put(format!("<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>"));
    for (x, name, address) in [(CLIENT, "client", &first.from), (SERVER, "server", &first.to)] {
        put(text(x, 24, "title", "middle", name));
        put(text(x, 42, "segment", "middle", address));
        put(format!("<line x1=\"{x}\" y1=\"52\" x2=\"{x}\" y2=\"{}\"/>", height - 10));
    }

    let mut client = End { x: CLIENT, state: "CLOSED" };
    let mut server = End { x: SERVER, state: "LISTEN" };
    put(client.label(TOP - 16));
    put(server.label(TOP - 16));
    for (at, segment) in (0..).zip(segments) {
        let y = TOP + at * STEP;
        let (from, to) =
            if segment.from == first.from { (&mut client, &mut server) } else { (&mut server, &mut client) };
        put(from.becomes(sent(from.state, segment), y));
        put(to.becomes(received(to.state, segment), y + SLOPE));
        put(format!(
            "<line x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{}\" marker-end=\"url(#tip)\"/>",
            from.x,
            to.x,
            y + SLOPE
        ));
        put(text((CLIENT + SERVER) / 2, y + SLOPE / 2 - 15, "segment", "middle", &caption(segment)));
    }
    svg.push_str("</svg>\n");
    Some(svg.lines().filter(|line| !line.is_empty()).fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{line}"); // a string takes everything
        all
    }))
}

impl End {
    /// Shows the new state if it is one.
    fn becomes(&mut self, state: &'static str, y: u32) -> String {
        if self.state == state {
            return String::new();
        }
        self.state = state;
        self.label(y + 4)
    }

    fn label(&self, y: u32) -> String {
        match self.x {
            CLIENT => text(CLIENT - 12, y, "state", "end", self.state),
            _ => text(SERVER + 12, y, "state", "start", self.state),
        }
    }
}

fn caption(segment: &Segment) -> String {
    let data = if segment.length > 0 { format!(", {} bytes", segment.length) } else { String::new() };
    format!("{} · {}{data}", segment.names(), segment.numbers)
}

fn text(x: u32, y: u32, class: &str, anchor: &str, words: &str) -> String {
    format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\" text-anchor=\"{anchor}\">{words}</text>")
}
