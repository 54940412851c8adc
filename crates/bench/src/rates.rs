//! Runs a case that compares rates: rounds in which all servers take their turn.

use crate::{
    Error,
    goal::{Samples, spread},
    load::{self, Sample, Span},
    peers::{is_ours, is_there, label},
    rate_cases::{Load, RateCase},
    report::{Report, bars, table},
    server::Server,
};

/// Runs the case in so many rounds.
///
/// # Errors
/// If one of ours fails. A peer that fails is left out, which the report says.
pub fn run(case: &RateCase, rounds: usize, span: Span) -> Result<Report, Error> {
    let mut notes = Vec::new();
    let mut samples = Samples::new();
    let mut servers = case.servers.to_vec();
    servers.retain(|name| match is_there(name) {
        Ok(()) => true,
        Err(reason) => {
            notes.push(format!("Left out: {}, since {reason}.", label(name)));
            false
        }
    });
    for round in 0..rounds {
        let mut failed = Vec::new();
        for &name in &servers {
            eprintln!("{}: round {} of {rounds}, {name}", case.name, round + 1);
            match once(case, name, span) {
                Ok(sample) => samples.entry(name).or_default().push(sample),
                Err(error) if is_ours(name) => return Err(format!("{name}: {error}").into()),
                Err(error) => {
                    notes.push(format!("Left out: {}, since it failed: {error}.", label(name)));
                    samples.remove(name);
                    failed.push(name);
                }
            }
        }
        servers.retain(|name| !failed.contains(name));
    }
    Ok(report(case, &servers, &samples, notes))
}

fn once(case: &RateCase, name: &str, span: Span) -> Result<Sample, Error> {
    let server = Server::start(name, case.work(), case.place)?;
    match case.load {
        Load::PingPong(connections) => load::ping_pong::run(&server, span, connections),
        Load::Short(clients) => load::short::run(&server, span, clients),
        Load::Lines(connections) => load::lines::run(&server, span, connections),
        Load::Datagrams(sockets, window) => load::datagrams::run(&server, span, sockets, window),
    }
}

fn report(case: &RateCase, servers: &[&'static str], samples: &Samples, notes: Vec<String>) -> Report {
    let median = |name: &str, of: &dyn Fn(&Sample) -> f64| spread(samples[name].iter().map(of)).1;
    let mut servers: Vec<_> = servers.iter().copied().filter(|name| samples.contains_key(name)).collect();
    servers.sort_by(|a, b| median(b, &|it| it.rate).total_cmp(&median(a, &|it| it.rate)));
    let has_latency = !matches!(case.load, Load::Lines(_));
    let has_loss = matches!(case.load, Load::Datagrams(..));

    let rate = format!("{} / s", case.unit);
    let mut heads = vec!["server", &rate, "least – most", "CPU s per 100,000"];
    heads.extend(has_latency.then_some("p50 / p99 / p99.9 in ms"));
    heads.extend(has_loss.then_some("lost"));
    heads.push("load generator's CPUs");
    let rows = servers.iter().map(|name| {
        let (low, middle, high) = spread(samples[name].iter().map(|it| it.rate));
        let times = [0, 1, 2].map(|i| format!("{:.2}", median(name, &|it| it.latency[i])));
        let mut row = vec![
            if is_ours(name) { format!("**{}**", label(name)) } else { label(name).into() },
            thousands(middle),
            format!("{} – {}", thousands(low), thousands(high)),
            format!("{:.3}", median(name, &|it| it.cpu)),
        ];
        row.extend(has_latency.then(|| times.join(" / ")));
        row.extend(has_loss.then(|| format!("{:.3} %", median(name, &|it| it.lost) * 100.0)));
        row.push(format!("{:.2}", median(name, &|it| it.load)));
        row
    });
    let mut body = table(&heads, rows);
    let goals: Vec<_> = case.goals.iter().filter_map(|goal| goal.row(samples)).collect();
    if !goals.is_empty() {
        body.push('\n');
        body.push_str(&table(
            &["ratio, round by round", "reach", "stretch", "measured", ""],
            goals.into_iter(),
        ));
    }
    for note in notes {
        body.push_str(&format!("\n{note}\n"));
    }
    let bar = |name: &&'static str| bars::Bar {
        label: label(name).replace('`', ""),
        is_ours: is_ours(name),
        values: [median(name, &|it| it.rate), median(name, &|it| it.cpu)],
    };
    let plot = bars::draw(
        case.title,
        [&rate, "server's CPU s per 100,000"],
        &servers.iter().map(bar).collect::<Vec<_>>(),
    );
    Report { name: case.name, title: case.title, body, plots: vec![(case.name, plot)] }
}

/// A whole number, with separators.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digit.is_ascii_digit() && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_have_separators() {
        assert_eq!(
            ["0", "999", "1,000", "12,345", "1,234,567"],
            [0.2, 999.0, 999.7, 12345.0, 1_234_567.0].map(thousands)[..]
        );
    }
}
