//! Binding to what can't be bound.

use socketserver::prelude::*;
use std::{env, error::Error, fs, io};

#[derive(Default)]
struct Nothing;
impl StreamRequestHandler for Nothing {
    fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult {
        Ok(())
    }
}
impl DatagramRequestHandler for Nothing {
    fn handle(&mut self, _: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(())
    }
}

/// Binds to an address of a transport, and prints what came of it.
pub(crate) fn once(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [transport, address] = arguments else { return Err("bind tcp|unix ADDRESS".into()) };
    let error = match &**transport {
        "tcp" => TcpServer::<Nothing>::bind(address).err(),
        _ => UnixStreamServer::<Nothing>::bind(address).err(),
    };
    println!("{}", error.map_or("bound".into(), |error| error.to_string()));
    Ok(())
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Fails to bind in every way, 1,024 times each, and checks that nothing is left behind.
pub(crate) fn fail_often() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir();
    let too_long = folder.join("x".repeat(200));
    let missing = folder.join("no such folder").join("s");
    let tcp = TcpServer::<Nothing>::bind("127.0.0.1:0")?;
    let udp = UdpServer::<Nothing>::bind("127.0.0.1:0")?;
    let foreign = || "192.0.2.1:0"; // of no interface here
    let failing = || TcpServer::<Nothing>::builder().socket_options(|_| Err(io::ErrorKind::Other.into()));
    let attempts: [(&str, &dyn Fn() -> bool); 9] = [
        ("a port in use", &|| TcpServer::<Nothing>::bind(tcp.server_address()).is_err()),
        ("a UDP port in use", &|| UdpServer::<Nothing>::bind(udp.server_address()).is_err()),
        ("an address of nobody", &|| TcpServer::<Nothing>::bind(foreign()).is_err()),
        ("an address of nobody, threads", &|| ThreadingTcpServer::<Nothing>::bind(foreign()).is_err()),
        ("an address of nobody, children", &|| ForkingTcpServer::<Nothing>::bind(foreign()).is_err()),
        ("an option that fails", &|| failing().bind("127.0.0.1:0").is_err()),
        ("a path too long", &|| UnixStreamServer::<Nothing>::bind(&too_long).is_err()),
        ("a folder that doesn't exist", &|| UnixDatagramServer::<Nothing>::bind(&missing).is_err()),
        ("what isn't an address", &|| TcpServer::<Nothing>::bind("nowhere").is_err()),
    ];
    for (what, fails) in attempts {
        fails(); // what the first one opens for good, such as the resolver, doesn't count
        let before = descriptors();
        if let Some(time) = (0..1024).find(|_| !fails()) {
            return Err(format!("{what}: attempt {time} succeeded").into());
        }
        if descriptors() != before {
            return Err(format!("{what}: {before} descriptors became {}", descriptors()).into());
        }
    }
    println!("nothing left behind");
    Ok(())
}
