use socketserver_auth::{Key, KeyError};

fn from_file(content: impl AsRef<[u8]>) -> Result<Key, KeyError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    Key::from_file(file.path())
}

#[test]
fn a_key_file_loses_one_newline_and_nothing_else() {
    for (content, expected) in [
        (&b"secret"[..], &b"secret"[..]),
        (b"secret\n", b"secret"),
        (b"secret\r\n", b"secret"),
        (b"secret\n\n", b"secret\n"),
        (b"secret\r", b"secret\r"),
        (b" secret \n", b" secret "),
        (b"two\nlines\n", b"two\nlines"),
        (b"\xff\x00\n", b"\xff\x00"),
    ] {
        assert_eq!(from_file(content).unwrap().expose(), expected, "{content:?}");
    }
}

#[test]
fn an_empty_key_is_refused_wherever_it_comes_from() {
    assert!(matches!(Key::new(vec![]), Err(KeyError::Empty)));
    assert!(matches!("".parse::<Key>(), Err(KeyError::Empty)));
    for content in ["", "\n", "\r\n"] {
        assert!(matches!(from_file(content), Err(KeyError::Empty)), "{content:?}");
    }
}

#[test]
fn a_key_file_has_a_limit() {
    assert_eq!(from_file(vec![b'k'; Key::MAX_FILE]).unwrap().expose().len(), Key::MAX_FILE);
    assert!(matches!(
        from_file(vec![b'k'; Key::MAX_FILE + 1]),
        Err(KeyError::TooLong { limit: Key::MAX_FILE })
    ));
}

#[test]
fn what_holds_a_key_never_prints_it() {
    let key = Key::new("hunter2").unwrap();
    let printed = [
        format!("{key:?}"),
        format!("{:?}", socketserver_auth::mutual::Server::new(key.clone())),
        format!("{:?}", socketserver_auth::mutual::Client::new(key.clone())),
        format!("{:?}", socketserver_auth::multiprocessing::Listener::new(key.clone())),
        format!("{:?}", socketserver_auth::oneway::Server::new(key)),
        format!("{:?}", crate::util::sessions()),
    ];
    let digits = format!("{:?}", b"hunter2");
    for text in printed {
        assert!(!text.contains("hunter2") && !text.contains(digits.trim_matches(['[', ']'])), "{text}");
    }
}

#[test]
fn generated_keys_are_long_and_differ() {
    let (one, two) = (Key::generate().unwrap(), Key::generate().unwrap());
    assert_eq!(one.expose().len(), 32);
    assert_ne!(one.expose(), two.expose());
}
