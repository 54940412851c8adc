//! Where messages begin and end: TCP doesn't know, UDP does, and a length in front of each message lets TCP know too.
//!
//! It shows what surprises everybody once. Over TCP (`tcp.rs`) three sends may arrive as one receive, and one send as many. Over UDP
//! (`udp.rs`) each send is one receive, but what the receiver has no room for is lost. And over TCP with `framing`, messages arrive whole.
//!
//! The program is both ends, on one thread: what a client sends waits in the system until the server is told to handle a request. So
//! nothing depends on time, and it prints the same every time.
//!
//! ```text
//! cargo run --example sticky-packets                                    # => received "hellofrom the client"
//! ```

mod tcp;
mod udp;

use examples_support::Result;

/// What every scene sends.
const MESSAGES: [&str; 3] = ["hello", "from", " the client"];

fn main() -> Result {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("warn"));
    tcp::three_sends_arrive_as_one_receive()?;
    tcp::one_send_arrives_in_pieces()?;
    udp::each_send_is_one_receive()?;
    udp::what_there_is_no_room_for_is_lost()?;
    tcp::frames_arrive_whole()
}

fn title(text: &str) {
    println!("{text}");
}

fn sent(message: &str) {
    println!("  sent     {message:?}");
}

fn received(message: &[u8]) {
    println!("  received {:?}", String::from_utf8_lossy(message));
}
