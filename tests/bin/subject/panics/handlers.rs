//! Handlers that step on a trap wherever they are, and do what their clients say.

use super::trap::{Bomb, Trap, Trapped};
use socketserver::{Datagram, TooManyHandshakes, prelude::*};
use std::{panic::panic_any, time::Duration};

pub(crate) struct Steps(pub(crate) Trap);

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.step_on("handler_drop");
    }
}

impl Steps {
    fn obey(&self, word: &[u8]) -> HandlerResult<&'static [u8]> {
        if self.0.takes("payload") {
            panic_any(Bomb);
        }
        match word.trim_ascii() {
            b"fail" => Err(Trapped(self.0.clone()).into()),
            b"refuse" => Err(TooManyHandshakes.into()),
            _ => Ok(b"hello\n"),
        }
    }

    fn limit(&self, place: &str) -> Option<Duration> {
        self.0.step_on(place);
        None
    }

    fn size(&self, place: &str) -> usize {
        self.0.step_on(place);
        8192
    }

    /// What stands in the buffer then is sent when the handler has done.
    fn leave(&self, cx: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("finish");
        if self.0.takes("last_flush") {
            self.0.arm("send");
        }
        Ok(cx.wfile.write_all(b"bye\n")?)
    }
}

impl KeepAliveRequestHandler<Trap> for Steps {
    fn setup(&mut self, _: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("setup");
        Ok(())
    }
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Trap>) -> HandlerResult<KeepAlive> {
        let mut word = Vec::new();
        cx.rfile.read_until(b'\n', &mut word)?;
        self.0.step_on("handle");
        cx.wfile.write_all(self.obey(&word)?)?;
        Ok(KeepAlive::Yes)
    }
    fn handle_shutdown(&mut self, _: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("handler_shutdown");
        Ok(())
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.leave(cx)
    }
    fn rbufsize(&self) -> usize {
        self.size("rbufsize")
    }
    fn wbufsize(&self) -> usize {
        self.size("wbufsize")
    }
    fn read_timeout(&self) -> Option<Duration> {
        self.limit("read_timeout")
    }
    fn write_timeout(&self) -> Option<Duration> {
        self.limit("write_timeout")
    }
    fn disable_nagle_algorithm(&self) -> bool {
        self.limit("disable_nagle_algorithm").is_some()
    }
}

impl StreamRequestHandler<Trap> for Steps {
    fn setup(&mut self, _: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("setup");
        Ok(())
    }
    fn handle(&mut self, cx: &mut StreamContext<'_, Trap>) -> HandlerResult {
        let mut word = Vec::new();
        while cx.rfile.read_until(b'\n', &mut word)? > 0 {
            self.0.step_on("handle");
            cx.wfile.write_all(self.obey(&word)?)?;
            word.clear();
        }
        Ok(())
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.leave(cx)
    }
    fn rbufsize(&self) -> usize {
        self.size("rbufsize")
    }
    fn wbufsize(&self) -> usize {
        self.size("wbufsize")
    }
    fn flush_before_read(&self) -> bool {
        self.limit("flush_before_read").is_none()
    }
    fn read_timeout(&self) -> Option<Duration> {
        self.limit("read_timeout")
    }
    fn write_timeout(&self) -> Option<Duration> {
        self.limit("write_timeout")
    }
    fn disable_nagle_algorithm(&self) -> bool {
        self.limit("disable_nagle_algorithm").is_some()
    }
}

impl DatagramRequestHandler<Trap> for Steps {
    fn setup(&mut self, _: &mut DatagramContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("setup");
        Ok(())
    }
    fn handle(&mut self, cx: &mut DatagramContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("handle");
        Ok(cx.wfile.write_all(self.obey(cx.packet)?)?)
    }
    fn finish(&mut self, _: &mut DatagramContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("finish");
        Ok(())
    }
}

/// Of either kind of request, by itself.
pub(crate) struct Base(pub(crate) Steps);

impl BaseRequestHandler<Datagram, Trap> for Base {
    fn setup(&mut self, _: &mut Context<'_, Datagram, Trap>) -> HandlerResult {
        self.0.0.step_on("setup");
        Ok(())
    }
    fn handle(&mut self, cx: &mut Context<'_, Datagram, Trap>) -> HandlerResult {
        self.0.0.step_on("handle");
        let reply = self.0.obey(cx.request.packet())?;
        Ok(cx.request.socket().sendto(reply, &(*cx.client_address).into()).map(drop)?)
    }
    fn finish(&mut self, _: &mut Context<'_, Datagram, Trap>) -> HandlerResult {
        self.0.0.step_on("finish");
        Ok(())
    }
}
