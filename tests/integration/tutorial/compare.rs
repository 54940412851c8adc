//! What is shown against what was printed now.
//!
//! Both are the same, character by character, but for the number of spaces in a row of them (and the one that `ss` forgets in its header,
//! if columns are narrow), and for
//!
//! - ports that the system has chosen, 32768 to 60999, wherever they stand, and process ids, numbers after `pid=` and `pid `: where the
//!   chapter shows the same number twice there has to be the same number twice, and where it shows two there have to be two;
//! - times of day, `12:34:56` with or without a fraction, and dates, `2026-12-31`.

use super::ports::pieces;
use std::collections::BTreeMap;

/// Which number of today stands for which in the chapter.
#[derive(Clone, Default)]
pub(super) struct Numbers {
    now: BTreeMap<String, String>,
    shown: BTreeMap<String, String>,
}

impl Numbers {
    /// Whether a line was printed as it is shown, as far as it can be.
    pub(super) fn agree(&mut self, shown: &str, now: &str) -> bool {
        let (shown, now) = (tokens(shown), tokens(now));
        shown.len() == now.len() && shown.iter().zip(&now).all(|(shown, now)| self.agree_on(shown, now))
    }

    fn agree_on(&mut self, shown: &Token, now: &Token) -> bool {
        let (Token::Varying(shown), Token::Varying(now)) = (shown, now) else { return shown == now };
        if shown == now {
            return true; // by chance, or from a file, which says nothing about what is running
        }
        let now_is = self.now.entry(shown.clone()).or_insert_with(|| now.clone());
        let shown_is = self.shown.entry(now.clone()).or_insert_with(|| shown.clone());
        now_is == now && shown_is == shown
    }

    /// Whether the lines are the same ones; all but the first may be in another order.
    pub(super) fn agree_on_rows(&mut self, shown: &[String], now: &[String]) -> bool {
        match (shown, now) {
            ([], []) => true,
            ([header, shown @ ..], [header_now, now @ ..]) => {
                self.agree(header, header_now) && self.pair(shown, &now.iter().collect::<Vec<_>>())
            }
            _ => false,
        }
    }

    fn pair(&mut self, shown: &[String], now: &[&String]) -> bool {
        let [row, rest @ ..] = shown else { return now.is_empty() };
        (0..now.len()).any(|at| {
            let mut others = now.to_owned();
            let mut numbers = self.clone();
            let agreed = numbers.agree(row, others.remove(at)) && numbers.pair(rest, &others);
            if agreed {
                *self = numbers;
            }
            agreed
        })
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    /// As it is, but for the number of spaces.
    Fixed(String),
    /// A number that is another one in each run, with what kind of number it is.
    Varying(String),
    Time,
    Date,
}

fn tokens(line: &str) -> Vec<Token> {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ").replace("PortProcess", "Port Process");
    let pieces: Vec<_> = pieces(&line).collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(piece) = pieces.get(at) {
        let (length, token) = match &pieces[at..] {
            [a, ":", b, ":", c, ".", d, ..] if has_digits([a, b, c], [2, 2, 2]) && is_number(d) => {
                (7, Token::Time)
            }
            [a, ":", b, ":", c, ..] if has_digits([a, b, c], [2, 2, 2]) => (5, Token::Time),
            [a, "-", b, "-", c, ..] if has_digits([a, b, c], [4, 2, 2]) => (5, Token::Date),
            [number, ..] if matches!(number.parse(), Ok(32_768..=60_999)) => {
                (1, Token::Varying(format!("port {number}")))
            }
            [number, ..] if is_number(number) && at > 0 && ends_in_pid(pieces[at - 1]) => {
                (1, Token::Varying(format!("pid {number}")))
            }
            _ => (1, Token::Fixed((*piece).to_owned())),
        };
        tokens.push(token);
        at += length;
    }
    tokens
}

fn has_digits(numbers: [&str; 3], digits: [usize; 3]) -> bool {
    numbers.iter().zip(digits).all(|(number, digits)| is_number(number) && number.len() == digits)
}

fn is_number(piece: &str) -> bool {
    piece.starts_with(|c: char| c.is_ascii_digit())
}

fn ends_in_pid(piece: &str) -> bool {
    piece.ends_with("pid=") || piece.ends_with("pid ")
}

#[test]
fn what_varies_is_compared_by_what_it_stands_for() {
    let mut numbers = Numbers::default();
    assert!(numbers.agree("ESTAB 0  127.0.0.1:40000 at 12:00:01", "ESTAB 0 127.0.0.1:50000 at 23:59:59"));
    assert!(numbers.agree("40000 and 40001, pid=7", "50000 and 50001, pid=70"));
    assert!(!numbers.agree("again 40000", "again 50001"), "another port");
    assert!(!numbers.agree("again 40002", "again 50000"), "a port that stands for another");
    assert!(!numbers.agree("12 bytes", "13 bytes"), "a number as any other");
    assert!(!numbers.agree("0  1", "01"), "a gap");
}

#[test]
fn rows_may_come_in_another_order() {
    let rows = |rows: &[&str]| rows.iter().map(|row| row.to_string()).collect::<Vec<_>>();
    let shown = rows(&["State", "A 40000", "A 40001", "B 40001"]);
    let agree = |now: &[&str]| Numbers::default().agree_on_rows(&shown, &rows(now));
    assert!(agree(&["State", "B 50000", "A 50000", "A 50001"]));
    assert!(!agree(&["State", "A 50000", "A 50001", "B 50002"]));
    assert!(!agree(&["State", "A 50000", "A 50001"]));
}
