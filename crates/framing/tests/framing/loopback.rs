use socketserver_framing::{Framed, Header, LineReader, LineWriter};
use std::io::{BufRead, BufReader, Seek, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{io, thread};

/// A connected pair.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// What a handler has: two halves, erased and borrowed.
fn echo(rfile: &mut dyn BufRead, wfile: &mut dyn Write, header: Header) {
    let mut framed = Framed::from_halves(rfile, wfile, header);
    let mut request = Vec::new();
    while framed.read_into(&mut request).unwrap().is_some() {
        framed.write_frame(&request).unwrap();
    }
}

#[test]
fn a_handler_with_two_halves_and_a_client_with_one_stream() {
    for &header in Header::ALL {
        let (client, server) = pair();
        thread::scope(|scope| {
            scope.spawn(move || echo(&mut BufReader::new(&server), &mut &server, header));
            let mut framed = Framed::new(client, header);
            for len in [0, 1, 255, 16_385, 1 << 20].into_iter().filter(|&len| len <= header.max_len()) {
                let payload: Vec<u8> = (0..len).map(|i| (i * 7 % 251) as u8).collect();
                framed.write_frame(&payload).unwrap();
                assert!(framed.read_frame().unwrap() == Some(&payload), "{header:?} {len}");
            }
            framed.get_ref().shutdown(Shutdown::Write).unwrap();
            assert_eq!(framed.read_frame().unwrap(), None);
        });
    }
}

#[test]
fn a_file_goes_over_as_a_stream() {
    let size = 300_001;
    let content: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&content).unwrap();
    file.rewind().unwrap();

    let (client, server) = pair();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut framed = Framed::new(&server, Header::U64Be);
            // In two frames, so that the place in the file matters.
            framed.write_from(&mut file, 100_000).unwrap();
            framed.write_from(&mut file, size - 100_000).unwrap();
        });
        let mut framed = Framed::new(&client, Header::U64Be);
        let mut received = Vec::new();
        for _ in 0..2 {
            copy(&mut framed.read_stream().unwrap().unwrap(), &mut received).unwrap();
        }
        assert!(received == content);
    });
}

#[test]
fn both_directions_at_once_by_two_threads() {
    let (client, server) = pair();
    let exchange = |stream: TcpStream| {
        let (mut reader, mut writer) = Framed::from_halves(&stream, &stream, Header::Varint).into_halves();
        thread::scope(|scope| {
            scope.spawn(move || (0..50u8).for_each(|i| writer.write_frame(&vec![i; 40_000]).unwrap()));
            for i in 0..50u8 {
                assert!(reader.read_frame().unwrap() == Some(&vec![i; 40_000]));
            }
        });
    };
    thread::scope(|scope| {
        scope.spawn(|| exchange(server));
        exchange(client);
    });
}

#[test]
fn lines_and_frames_take_turns_on_one_stream() {
    let (client, server) = pair();
    thread::scope(|scope| {
        scope.spawn(move || -> io::Result<()> {
            let mut rfile = BufReader::new(&server);
            let name = LineReader::new(&mut rfile).read_line()?.unwrap().to_vec();
            let mut framed = Framed::from_halves(&mut rfile, &server, Header::U16Be);
            let body = framed.read_frame()?.unwrap().to_vec();
            framed.write_parts(&[&name, b"=", &body])?;
            LineWriter::new(&server).write_line(b"bye")?;
            Ok(())
        });
        LineWriter::new(&client).write_line(b"name").unwrap();
        let mut rfile = BufReader::new(&client);
        let mut framed = Framed::from_halves(&mut rfile, &client, Header::U16Be);
        framed.write_frame(b"value").unwrap();
        assert_eq!(framed.read_frame().unwrap(), Some(&b"name=value"[..]));
        assert_eq!(LineReader::new(rfile).read_line().unwrap(), Some(&b"bye"[..]));
    });
}
