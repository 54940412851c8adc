//! The scenes over UDP.

use super::{MESSAGES, received, sent, title};
use examples_support::Result;
use socketserver::{UdpSocket, prelude::*};

pub(crate) fn each_send_is_one_receive() -> Result {
    title("UDP: each send is one receive");
    scene(1024)
}

pub(crate) fn what_there_is_no_room_for_is_lost() -> Result {
    title("UDP: what there is no room for is lost, here beyond 4 bytes");
    scene(4)
}

#[derive(Default)]
struct Receive;

impl DatagramRequestHandler for Receive {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        received(cx.packet);
        if cx.is_truncated {
            println!("           and the rest is lost");
        }
        cx.no_reply();
        Ok(())
    }
}

fn scene(max_packet_size: usize) -> Result {
    let server = UdpServer::<Receive>::builder().max_packet_size(max_packet_size).bind("127.0.0.1:0")?;
    let client = UdpSocket::bind("127.0.0.1:0")?;
    for message in MESSAGES {
        client.sendto(message.as_bytes(), server.server_address())?;
        sent(message);
    }
    for _ in MESSAGES {
        server.handle_request()?;
    }
    Ok(())
}
