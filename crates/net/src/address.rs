//! Addresses: of a Unix socket, and of any peer whatever its family.

use socket2::SockAddr;
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The address of a Unix socket.
///
/// Written as text it is a path, `@name` for a name in Linux's abstract namespace, or nothing for a socket without a
/// name, as in Python, where the client of a Unix stream server has the address `''`.
///
/// ```
/// use socketserver_net::UnixAddress;
///
/// assert_eq!(UnixAddress::from("/run/upper.sock").to_string(), "/run/upper.sock");
/// assert_eq!(UnixAddress::from("@upper"), UnixAddress::Abstract(b"upper".to_vec()));
/// assert_eq!(UnixAddress::Unnamed.to_string(), "");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnixAddress {
    /// The socket was never bound; most clients are like this.
    Unnamed,
    /// A file in the file system.
    Path(PathBuf),
    /// A name in the abstract namespace (Linux only), without the leading NUL.
    Abstract(Vec<u8>),
}

impl UnixAddress {
    /// The file, if the address is one.
    pub fn as_path(&self) -> Option<&Path> {
        match self {
            UnixAddress::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The form that socket calls take.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] if a path or name is longer than the system's `sun_path` (107 bytes on Linux), holds a
    /// NUL, or is abstract on a system other than Linux, and for [`UnixAddress::Unnamed`].
    pub fn to_sock_addr(&self) -> io::Result<SockAddr> {
        match self {
            UnixAddress::Unnamed => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "an unnamed socket can't be addressed"))
            }
            // The system would take what is in front of it for the path.
            UnixAddress::Path(path) if path.as_os_str().as_encoded_bytes().contains(&0) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "a path can't hold a NUL"))
            }
            UnixAddress::Path(path) => SockAddr::unix(path),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            UnixAddress::Abstract(name) => {
                use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
                let mut raw = Vec::with_capacity(name.len() + 1);
                raw.push(0);
                raw.extend_from_slice(name);
                SockAddr::unix(Path::new(OsStr::from_bytes(&raw)))
            }
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            UnixAddress::Abstract(_) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "only Linux has abstract socket names"))
            }
        }
    }
}

impl From<&Path> for UnixAddress {
    fn from(path: &Path) -> Self {
        use std::os::unix::ffi::OsStrExt;
        match path.as_os_str().as_bytes() {
            [] => UnixAddress::Unnamed,
            [b'@' | 0, name @ ..] => UnixAddress::Abstract(name.to_vec()),
            _ => UnixAddress::Path(path.to_owned()),
        }
    }
}
impl From<&str> for UnixAddress {
    fn from(text: &str) -> Self {
        Path::new(text).into()
    }
}
impl From<String> for UnixAddress {
    fn from(text: String) -> Self {
        Path::new(&text).into()
    }
}
impl From<&String> for UnixAddress {
    fn from(text: &String) -> Self {
        Path::new(text).into()
    }
}
impl From<PathBuf> for UnixAddress {
    fn from(path: PathBuf) -> Self {
        path.as_path().into()
    }
}
impl From<&PathBuf> for UnixAddress {
    fn from(path: &PathBuf) -> Self {
        path.as_path().into()
    }
}
impl From<&UnixAddress> for UnixAddress {
    fn from(address: &UnixAddress) -> Self {
        address.clone()
    }
}
impl From<&SockAddr> for UnixAddress {
    fn from(raw: &SockAddr) -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(name) = raw.as_abstract_namespace() {
            return UnixAddress::Abstract(name.to_vec());
        }
        raw.as_pathname().map_or(UnixAddress::Unnamed, |path| UnixAddress::Path(path.to_owned()))
    }
}

impl fmt::Display for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnixAddress::Unnamed => Ok(()),
            UnixAddress::Path(path) => path.display().fmt(f),
            UnixAddress::Abstract(name) => write!(f, "@{}", name.escape_ascii()),
        }
    }
}

/// The address of anything that a server may talk to: what [`Request::Address`](crate::Request::Address) turns into where the
/// transport isn't known, as in `cx.client_address`.
///
/// ```
/// use socketserver_net::Address;
/// use std::net::SocketAddr;
///
/// let peer = Address::from("127.0.0.1:5000".parse::<SocketAddr>()?);
/// assert_eq!(peer.to_string(), "127.0.0.1:5000");
/// assert!(peer.ip().is_some_and(|ip| ip.is_loopback()));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// IPv4 or IPv6. A client of a dual-stack server shows as `[::ffff:127.0.0.1]:port`, as in Python.
    Inet(SocketAddr),
    /// A Unix socket; [`UnixAddress::Unnamed`] for most clients of a stream server.
    Unix(UnixAddress),
    /// The sender of a Unix datagram whose socket was never bound: nobody that could be answered. Python: `None`.
    Unbound,
    /// What a transport of another kind calls its peers.
    Other(Arc<str>),
}

impl Address {
    /// The Internet address, if it is one.
    pub fn as_inet(&self) -> Option<SocketAddr> {
        match self {
            Address::Inet(address) => Some(*address),
            _ => None,
        }
    }

    /// The IP address, if there is one. An IPv4 client of a dual-stack server gives its IPv4 address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.as_inet().map(|address| address.ip().to_canonical())
    }

    /// The form that socket calls take.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] where there is none: [`Address::Unbound`], [`Address::Other`], and the cases of
    /// [`UnixAddress::to_sock_addr`].
    pub fn to_sock_addr(&self) -> io::Result<SockAddr> {
        match self {
            Address::Inet(address) => Ok((*address).into()),
            Address::Unix(address) => address.to_sock_addr(),
            Address::Unbound => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the peer is unbound: it has no address to send to",
            )),
            Address::Other(name) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is not a socket address")))
            }
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address::Inet(address)
    }
}
impl From<UnixAddress> for Address {
    fn from(address: UnixAddress) -> Self {
        Address::Unix(address)
    }
}
impl From<Option<UnixAddress>> for Address {
    fn from(address: Option<UnixAddress>) -> Self {
        address.map_or(Address::Unbound, Address::Unix)
    }
}
impl From<&SockAddr> for Address {
    fn from(raw: &SockAddr) -> Self {
        raw.as_socket().map_or_else(|| UnixAddress::from(raw).into(), Address::Inet)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet(address) => address.fmt(f),
            Address::Unix(UnixAddress::Unnamed) => f.write_str("(unnamed)"),
            Address::Unix(address) => address.fmt(f),
            Address::Unbound => f.write_str("(unbound)"),
            Address::Other(name) => f.write_str(name),
        }
    }
}
