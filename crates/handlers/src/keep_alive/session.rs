//! A keep-alive handler with its connection: run in a loop, or parked between two requests.

use super::{
    KeepAlive, KeepAliveRequestHandler,
    waiting::{limit, next},
};
use crate::{
    Buffers, HandlerResult, HandlerSession, RequestHandlerClass, ServerRef, StreamContext, guarded, kind,
    span::spanned, stream::prepare,
};
use socketserver_net::{Activity, Address, Connection, Deadline, Next, StreamRequest};
use std::io::Write;

/// A handler with its connection.
struct KeepAliveSession<H> {
    handler: H,
    connection: Connection,
    client_address: Address,
    is_set_up: bool,
    /// A request of it has been there.
    has_served: bool,
    /// It waits, or would, if the server didn't stop: neither its client nor its handler has ended it.
    would_go_on: bool,
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
        let client_address = client_address.clone().into();
        let mut session = KeepAliveSession {
            handler: self,
            connection,
            client_address,
            is_set_up: false,
            has_served: false,
            would_go_on: false,
        };
        let mut buffers = Buffers::new();
        let handled = loop {
            match session.advance(server, &mut buffers) {
                Ok(KeepAlive::Yes) if !server.is_draining() => {}
                ended => break ended.map(drop),
            }
        };
        let handled = handled.and_then(|()| session.handle_shutdown(server, &mut buffers));
        let finished = session.finish(server, &mut buffers);
        handled.and(finished)
    }

    fn into_session(
        self,
        connection: Connection,
        client_address: &R::Address,
    ) -> Result<Box<dyn HandlerSession<S>>, Self> {
        let client_address = client_address.clone().into();
        Ok(Box::new(KeepAliveSession {
            handler: self,
            connection,
            client_address,
            is_set_up: false,
            has_served: false,
            would_go_on: false,
        }))
    }
}

impl<S, H: KeepAliveRequestHandler<S>> HandlerSession<S> for KeepAliveSession<H> {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn setup(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult {
        if self.is_set_up {
            return Ok(());
        }
        let Self { handler, connection, client_address, is_set_up, would_go_on, .. } = self;
        guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let limits = (handler.read_timeout(), handler.write_timeout());
            prepare(connection, client_address, limits, handler.disable_nagle_algorithm())?;
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            handler.setup(&mut cx)?;
            *is_set_up = true;
            cx.wfile.flush()?;
            connection.set_activity(Activity::Idle);
            *would_go_on = true;
            Ok(())
        })
    }

    fn advance(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult<KeepAlive> {
        self.setup(server, buffers)?;
        let Self { handler, connection, client_address, has_served, would_go_on, .. } = self;
        *would_go_on = false;
        guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            let (idle, request) = (server.idle_timeout(), server.request_timeout());
            loop {
                limit(connection, idle, request, Deadline::Idle);
                match next(connection, *has_served, &mut cx)? {
                    Next::IsThere => {}
                    Next::NeverComes => return Ok(KeepAlive::No),
                    Next::IsNotWanted => {
                        *would_go_on = true;
                        return Ok(KeepAlive::No);
                    }
                }
                limit(connection, request, idle, Deadline::Request);
                *has_served = true;
                let goes_on = spanned(&mut cx, |cx| {
                    let goes_on = handler.handle_one_request(cx)?;
                    if goes_on == KeepAlive::Yes && cx.rfile.buffer().is_empty() {
                        cx.wfile.flush()?;
                    }
                    Ok(goes_on)
                })?;
                if goes_on == KeepAlive::No {
                    return Ok(KeepAlive::No);
                }
                if cx.rfile.buffer().is_empty() {
                    // What others write to this client while it waits isn't part of a request.
                    limit(connection, None, request, Deadline::Request);
                    connection.set_activity(Activity::Idle);
                    *would_go_on = true;
                    return Ok(KeepAlive::Yes);
                }
            }
        })
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
        let sizes = guarded(|| Ok((handler.rbufsize(), handler.wbufsize())))?;
        let mut cx = StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
        let finished = guarded(|| handler.finish(&mut cx));
        let flushed = cx.wfile.flush().map_err(Into::into);
        finished.and(flushed)
    }
}
