//! Serves for long under a mixed load, by all six mix-ins at once, looks every second at what each server takes, and says whether
//! that stays flat. `soak --minutes N [--plot FILE]`; the plot is an SVG.

mod load;
mod plot;
mod samples;

use load::Load;
use reliability::{Builder, MIXINS, Program};
use samples::Series;
use std::{
    env,
    error::Error,
    fs, thread,
    time::{Duration, Instant},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let Some((case, rest)) = arguments.split_first()
        && case == "serve"
    {
        return reliability::serve(rest);
    }
    let after = |name: &str| arguments.iter().skip_while(|it| *it != name).nth(1);
    let minutes: f64 = after("--minutes").map_or(Ok(10.0), |it| it.parse())?;
    let time = Duration::try_from_secs_f64(minutes * 60.0)?;

    let mut servers = Vec::new();
    for mixin in MIXINS {
        servers.push(Builder::this(mixin)?.start());
    }
    let series = thread::scope(|scope| {
        let load = Load::begin(scope, &servers);
        let series = observe(&servers, time);
        load.end();
        series
    });
    let mut is_flat = true;
    for (server, series) in servers.into_iter().zip(&series) {
        let counts = server.stop(); // fails unless accepted is what has ended
        println!("{}: {} requests, {}", series.name, counts.accepted, series.verdict());
        is_flat &= series.is_flat() && counts.accepted > 0;
    }
    if let Some(path) = after("--plot") {
        fs::write(path, plot::draw(&series))?;
    }
    if is_flat { Ok(()) } else { Err("not flat".into()) }
}

/// Looks once a second.
fn observe(servers: &[Program], time: Duration) -> Vec<Series> {
    let begun = Instant::now();
    let mut all: Vec<_> = MIXINS.iter().map(|name| Series::new(name)).collect();
    while begun.elapsed() < time {
        thread::sleep(Duration::from_secs(1)); // it is the clock of this
        for (server, series) in servers.iter().zip(&mut all) {
            series.look(server, begun.elapsed());
        }
    }
    all
}
