//! What must hold for any bytes at all, however they arrive: the replies are those that a plain reading of all of them gives, in both ways to
//! run a handler, and no more is read than there is room for. Shared with the fuzz target in `fuzz/`.

use crate::wire::{Stops, Visitor};
use socketserver_handlers::{
    Buffers, HandlerResult, HandlerSession, KeepAlive, KeepAliveRequestHandler, Progress,
    RequestHandlerClass, ServerRef, StreamContext,
};
use socketserver_net::{Address, StreamRequest};
use std::io::{BufRead, Read, Write};

/// The longest line that is read.
const LINE: u64 = 40;

/// Obeys requests of several kinds, told apart by their first byte; each is read in another way.
struct Obeys {
    visitor: Visitor,
    sizes: (usize, usize),
    /// Bytes that it has read.
    read: usize,
}

impl KeepAliveRequestHandler for Obeys {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let ahead = self.visitor.received() - self.read;
        assert!(ahead <= self.sizes.0.max(1), "{ahead} bytes have been read ahead");
        let mut said = Vec::new();
        cx.rfile.by_ref().take(1).read_to_end(&mut said)?;
        let goes_on = match said[0] {
            // A line.
            b'l' => cx.rfile.by_ref().take(LINE).read_until(b'\n', &mut said).map(|_| KeepAlive::Yes)?,
            // A length and so many bytes, which may be more than the buffer has room for.
            b'x' => {
                let mut length = [0];
                cx.rfile.read_exact(&mut length)?;
                let mut body = vec![0; usize::from(length[0])];
                cx.rfile.read_exact(&mut body)?;
                said.extend_from_slice(&body);
                KeepAlive::Yes
            }
            // Three bytes, as they come.
            b'f' => {
                while said.len() < 4 {
                    let there = cx.rfile.fill_buf()?;
                    let n = there.len().min(4 - said.len());
                    if n == 0 {
                        break;
                    }
                    said.extend_from_slice(&there[..n]);
                    cx.rfile.consume(n);
                }
                KeepAlive::Yes
            }
            // Nobody waits for what has been flushed.
            b'w' => cx.wfile.flush().map(|()| KeepAlive::Yes)?,
            b'q' => KeepAlive::No,
            b'e' => return Err("as was asked".into()),
            _ => KeepAlive::Yes,
        };
        self.read += said.len() + usize::from(said[0] == b'x');
        cx.wfile.write_all(&[said.len() as u8])?;
        cx.wfile.write_all(&said)?;
        Ok(goes_on)
    }
    fn handle_shutdown(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"goodbye")?)
    }
    fn finish(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"finished")?)
    }
    fn rbufsize(&self) -> usize {
        self.sizes.0
    }
    fn wbufsize(&self) -> usize {
        self.sizes.1
    }
}

/// What replies all of it makes, the lengths of all of them together after each, and whether all ends in order.
fn expected(mut input: &[u8]) -> (Vec<u8>, Vec<usize>, bool) {
    let (mut output, mut ends) = (Vec::new(), vec![0]);
    let mut is_well = true;
    while let [kind, rest @ ..] = input {
        let (skipped, length) = match kind {
            b'l' => (
                0,
                rest.iter()
                    .take(LINE as usize)
                    .position(|it| *it == b'\n')
                    .map_or(LINE as usize, |at| at + 1),
            ),
            b'x' => match rest {
                [length, body @ ..] if body.len() >= usize::from(*length) => (1, usize::from(*length)),
                _ => (0, usize::MAX),
            },
            b'f' => (0, 3),
            _ => (0, 0),
        };
        if length == usize::MAX || *kind == b'e' {
            is_well = false;
            break;
        }
        let said = &rest[skipped..rest.len().min(skipped + length)];
        output.push((said.len() + 1) as u8); // of the longest it is 0, there as here
        output.push(*kind);
        output.extend_from_slice(said);
        ends.push(output.len());
        if *kind == b'q' {
            break;
        }
        input = &rest[skipped + said.len()..];
    }
    (output, ends, is_well)
}

/// One after another, as threads run it.
fn in_a_loop(visitor: &mut Visitor, sizes: (usize, usize), stops: &Stops) -> bool {
    let mut handler = Obeys { visitor: visitor.clone(), sizes, read: 0 };
    let server = ServerRef::new(&(), stops);
    RequestHandlerClass::<Visitor, (), _>::serve(&mut handler, visitor, &Address::Unbound, server).is_ok()
}

/// In turns, and with the same buffers, as a reactor runs them.
fn in_turns(visitors: &[Visitor], sizes: (usize, usize), stops: &Stops) -> Vec<bool> {
    let (server, mut buffers) = (ServerRef::new(&(), stops), Buffers::new());
    let session = |visitor: &Visitor| -> Box<dyn HandlerSession<()>> {
        let handler = Obeys { visitor: visitor.clone(), sizes, read: 0 };
        let made = RequestHandlerClass::<Visitor, (), _>::into_session(
            handler,
            StreamRequest::connection(visitor),
            &Address::Unbound,
        );
        made.unwrap_or_else(|_| unreachable!("it can be parked"))
    };
    let mut sessions: Vec<_> = visitors.iter().map(session).map(Some).collect();
    let mut well = vec![true; visitors.len()];
    while sessions.iter().any(Option::is_some) {
        for (session, well) in sessions.iter_mut().zip(&mut well) {
            let Some(it) = session else { continue };
            let advanced = it.advance(server, &mut buffers);
            if matches!(advanced, Ok(Progress::Waits | Progress::HasMore)) {
                continue; // the buffers are the next one's
            }
            *well = advanced.is_ok() && it.handle_shutdown(server, &mut buffers).is_ok();
            *well &= it.finish(server, &mut buffers).is_ok();
            buffers.clear();
            *session = None;
        }
    }
    well
}

/// The first bytes say how large the buffers are, when the server stops, and how the rest is cut; the rest is what a client says.
pub(crate) fn pipelining(data: &[u8]) {
    let [rbufsize, wbufsize, stop, cuts, data @ ..] = data else { return };
    let (pieces, input) = data.split_at(data.len().min(usize::from(*cuts % 16)));
    let sizes = (usize::from(*rbufsize), usize::from(*wbufsize));
    let stop = if *stop < 128 { Stops::NEVER } else { u32::from(*stop - 128) };
    let (output, ends, is_well) = expected(input);
    // Another client, whose bytes must not be taken for the first one's.
    let other: Vec<u8> = input.iter().rev().copied().collect();
    for pieces in [&[][..], &[1], pieces] {
        let mut visitor = Visitor::new(input, pieces);
        let went_well = in_a_loop(&mut visitor, sizes, &Stops::after(Stops::NEVER));
        assert_eq!(went_well, is_well);
        assert_eq!(visitor.output(), [&output[..], b"finished"].concat());

        let visitors = [Visitor::new(input, pieces), Visitor::new(&other, pieces)];
        let well = in_turns(&visitors, sizes, &Stops::after(Stops::NEVER));
        for (visitor, (well, input)) in visitors.iter().zip(well.into_iter().zip([input, &other])) {
            let (output, _, is_well) = expected(input);
            assert_eq!(well, is_well);
            assert_eq!(visitor.output(), [&output[..], b"finished"].concat());
        }

        // A server that stops answers whole requests, from the first on, and says goodbye if there could have been more.
        let mut visitor = Visitor::new(input, pieces);
        let went_well = in_a_loop(&mut visitor, sizes, &Stops::after(stop));
        let said = visitor.output();
        let said = said.strip_suffix(b"finished").expect("it is finished");
        let is_whole = |said: &[u8]| output.starts_with(said) && ends.contains(&said.len());
        let is_stopped = said.strip_suffix(b"goodbye").is_some_and(|said| went_well && is_whole(said));
        assert!(is_stopped || went_well == is_well && said == output, "{said:?} of {output:?}");
    }
}
