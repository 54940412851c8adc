//! actix-server, as its documentation shows: a worker for each CPU, each with a single-threaded runtime.

use super::{cannot, ready};
use crate::{
    Error,
    work::{Place, SIZE, Work},
};
use actix_rt::{System, net::TcpStream};
use actix_server::Server;
use actix_service::fn_service;
use std::{io, net::TcpListener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(super) fn run(work: Work, place: Place) -> Result<(), Error> {
    if !matches!((work, place), (Work::Echo | Work::Once, Place::Inet)) {
        return Err(cannot(work, place));
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    ready(listener.local_addr()?)?;
    System::new().block_on(async {
        let factory = move || fn_service(move |stream| serve(stream, work));
        Server::build().listen("echo", listener, factory)?.run().await?;
        Ok(())
    })
}

async fn serve(mut stream: TcpStream, work: Work) -> io::Result<()> {
    let mut message = [0; SIZE];
    loop {
        stream.read_exact(&mut message).await?;
        stream.write_all(&message).await?;
        if work == Work::Once {
            return Ok(());
        }
    }
}
