//! Addresses as the datagram calls of rustix take and give them: without a heap allocation for Internet addresses.

use crate::{Address, UnixAddress};
use rustix::net::{SocketAddrAny, SocketAddrUnix};
use std::{ffi::OsStr, io, net::SocketAddr, os::unix::ffi::OsStrExt};

impl Address {
    pub(crate) fn from_raw(raw: Option<SocketAddrAny>) -> Address {
        let Some(raw) = raw else { return Address::Unbound };
        if let Ok(inet) = SocketAddr::try_from(raw.clone()) {
            return Address::Inet(inet);
        }
        SocketAddrUnix::try_from(raw).map_or(Address::Unbound, |unix| UnixAddress::from_raw(&unix).into())
    }
}

impl UnixAddress {
    fn from_raw(raw: &SocketAddrUnix) -> UnixAddress {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(name) = raw.abstract_name() {
            return UnixAddress::Abstract(name.to_vec());
        }
        match raw.path_bytes() {
            Some(path) if !path.is_empty() => UnixAddress::Path(OsStr::from_bytes(path).into()),
            _ => UnixAddress::Unnamed,
        }
    }

    pub(crate) fn to_raw(&self) -> io::Result<SocketAddrUnix> {
        match self {
            UnixAddress::Path(path) => Ok(SocketAddrUnix::new(path)?),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            UnixAddress::Abstract(name) => Ok(SocketAddrUnix::new_abstract_name(name)?),
            other => Err(other.to_sock_addr().err().unwrap_or_else(|| io::ErrorKind::InvalidInput.into())),
        }
    }
}
