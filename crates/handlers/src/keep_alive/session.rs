//! A keep-alive handler with its connection: run in a loop, or parked between two requests.

use super::{
    KeepAlive, KeepAliveRequestHandler,
    turn::{More, Turn},
    waiting::{limit, next},
};
use crate::{
    Buffers, HandlerResult, HandlerSession, Progress, RequestHandlerClass, ServerRef, StreamContext,
    error::first_error, guarded, kind, span::spanned, stream::prepare,
};
use socketserver_net::{Activity, Address, Connection, Deadline, Next, StreamRequest};
use std::io::Write;

/// A handler with its connection.
struct KeepAliveSession<H> {
    handler: H,
    connection: Connection,
    client_address: Address,
    /// What has been read and not been served, while others have the buffers.
    unread: Box<[u8]>,
    is_set_up: bool,
    /// It waits, or would, if the server didn't stop: neither its client nor its handler has ended it.
    would_go_on: bool,
}

impl<H> KeepAliveSession<H> {
    fn new(handler: H, connection: Connection, client_address: Address) -> Self {
        KeepAliveSession {
            handler,
            connection,
            client_address,
            unread: Box::default(),
            is_set_up: false,
            would_go_on: false,
        }
    }

    /// The connection waits, unless there is something to be served already.
    fn rests(&self) -> Progress {
        if self.unread.is_empty() { Progress::Waits } else { Progress::HasMore }
    }
}

impl<R, S, H> RequestHandlerClass<R, S, kind::KeepAlive> for H
where
    R: StreamRequest,
    H: KeepAliveRequestHandler<S> + 'static,
{
    fn serve(
        &mut self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult {
        let connection = StreamRequest::connection(request);
        let mut session = KeepAliveSession::new(self, connection, client_address.clone().into());
        let mut buffers = Buffers::new();
        let handled = loop {
            match session.advance(server, &mut buffers) {
                Ok(Progress::HasMore) => {}
                Ok(Progress::Waits) if !server.is_draining() => {}
                ended => break ended.map(drop),
            }
        };
        let handled = handled.and_then(|()| session.handle_shutdown(server, &mut buffers));
        let finished = session.finish(server, &mut buffers);
        first_error(handled, finished)
    }

    fn into_session(
        self,
        connection: Connection,
        client_address: &R::Address,
    ) -> Result<Box<dyn HandlerSession<S>>, Self> {
        Ok(Box::new(KeepAliveSession::new(self, connection, client_address.clone().into())))
    }
}

impl<S, H: KeepAliveRequestHandler<S>> HandlerSession<S> for KeepAliveSession<H> {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn setup(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult<Progress> {
        if self.is_set_up {
            return Ok(self.rests());
        }
        let Self { handler, connection, client_address, is_set_up, would_go_on, .. } = self;
        guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let limits = (handler.read_timeout(), handler.write_timeout());
            prepare(connection, client_address, limits, handler.disable_nagle_algorithm())?;
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            let (idle, request) = (server.idle_timeout(), server.request_timeout());
            limit(connection, request, idle, Deadline::Request);
            handler.setup(&mut cx)?;
            *is_set_up = true;
            cx.wfile.flush()?;
            limit(connection, None, request, Deadline::Request);
            if cx.rfile.buffer().is_empty() {
                connection.set_activity(Activity::Idle);
            }
            *would_go_on = true;
            Ok(())
        })?;
        self.unread = buffers.take_unread();
        Ok(self.rests())
    }

    fn advance(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult<Progress> {
        self.setup(server, buffers)?;
        buffers.restore_unread(std::mem::take(&mut self.unread));
        let Self { handler, connection, client_address, would_go_on, .. } = self;
        *would_go_on = false;
        let progress = guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            let (idle, request) = (server.idle_timeout(), server.request_timeout());
            let read_before = (!cx.rfile.buffer().is_empty()).then(|| cx.rfile.received());
            let mut turn = Turn::begin(read_before, || server.is_draining());
            loop {
                limit(connection, idle, request, Deadline::Idle);
                match next(connection, &mut cx)? {
                    Next::IsThere => {}
                    Next::NeverComes => return Ok(Progress::Over),
                    Next::IsNotWanted => {
                        *would_go_on = true;
                        return Ok(Progress::Over);
                    }
                }
                limit(connection, request, idle, Deadline::Request);
                let goes_on = spanned(&mut cx, |cx| {
                    let goes_on = handler.handle_one_request(cx)?;
                    if goes_on == KeepAlive::Yes && cx.rfile.buffer().is_empty() {
                        cx.wfile.flush()?;
                    }
                    Ok(goes_on)
                })?;
                if goes_on == KeepAlive::No {
                    return Ok(Progress::Over);
                }
                let progress = if cx.rfile.buffer().is_empty() {
                    Progress::Waits
                } else {
                    let progress = match turn.more(cx.rfile.received(), || server.is_draining()) {
                        More::IsServed => continue,
                        More::HasToWait => Progress::HasMore,
                        More::IsNotWanted => Progress::Over,
                    };
                    cx.wfile.flush()?;
                    progress
                };
                // What others write to this client while it waits isn't part of a request.
                limit(connection, None, request, Deadline::Request);
                if progress == Progress::Waits {
                    connection.set_activity(Activity::Idle);
                }
                *would_go_on = true;
                return Ok(progress);
            }
        })?;
        match progress {
            Progress::HasMore => self.unread = buffers.take_unread(),
            Progress::Over if self.would_go_on => buffers.clear(), // what isn't served isn't for `handle_shutdown` either
            _ => {}
        }
        Ok(progress)
    }

    fn handle_shutdown(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult {
        if !self.would_go_on {
            return Ok(());
        }
        let Self { handler, connection, client_address, would_go_on, .. } = self;
        *would_go_on = false;
        guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            connection.set_activity(Activity::InRequest);
            limit(connection, server.request_timeout(), server.idle_timeout(), Deadline::Request);
            handler.handle_shutdown(&mut cx)?;
            Ok(cx.wfile.flush()?)
        })
    }

    fn finish(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult {
        if !self.is_set_up {
            return Ok(());
        }
        let Self { handler, connection, client_address, .. } = self;
        let sizes = guarded(|| {
            // What came before may have used up its time, which is its end's time too. After a wait there has been nothing to use it up.
            if !matches!(connection.deadline(), Some((_, Deadline::Request))) {
                limit(connection, server.request_timeout(), server.idle_timeout(), Deadline::Request);
            }
            Ok((handler.rbufsize(), handler.wbufsize()))
        })?;
        let mut cx = StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
        let finished = guarded(|| handler.finish(&mut cx));
        let flushed = guarded(|| Ok(cx.wfile.flush()?));
        first_error(finished, flushed)
    }
}
