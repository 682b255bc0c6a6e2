//! The addresses of a simulator: their settings, and their sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tokio::net::TcpListener;

use super::{Builder, Simulator};
use crate::address::{Addresses, Known, is_public};
use crate::control;
use crate::error::Error;
use crate::recorder::Host;
use crate::server::{Server, serve};
use crate::tls::Tls;

/// The settings of the addresses.
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) port: u16,
    pub(super) storage_port: u16,
    secure: bool,
    public: Option<String>,
    public_storage: Option<String>,
    /// The port of the proxy.
    proxy: Option<u16>,
    /// The port of the control interface.
    control: Option<u16>,
}

impl Builder {
    /// Serves https, with a certificate that the simulator makes. A client has to trust
    /// [`Simulator::certificate`].
    #[cfg(feature = "tls")]
    pub fn tls(mut self) -> Self {
        self.network.secure = true;
        self
    }

    /// Serves the [control interface](crate#control-over-http) on this port. With 0, it is any free
    /// one ([`Simulator::control_url`]). Without this setting, it is not served.
    pub fn control_port(mut self, port: u16) -> Self {
        self.network.control = Some(port);
        self
    }

    /// Sets the address of Graph and the identity platform in links, endpoints and audiences,
    /// because a reverse proxy stands before the simulator: `https://graph.contoso.com`.
    ///
    /// Without it, links have the name of this machine that the client uses.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.network.public = Some(url.into());
        self
    }

    /// Sets the address of the storage host in the URLs of uploads, downloads and monitors, because
    /// a reverse proxy stands before it.
    pub fn public_storage_url(mut self, url: impl Into<String>) -> Self {
        self.network.public_storage = Some(url.into());
        self
    }

    /// Serves a proxy at this port (0 means any), for clients whose hosts are fixed. It implies
    /// [`tls`](Self::tls).
    ///
    /// A client that uses the proxy ([`Simulator::proxy_url`]) and
    /// trusts the certificate reaches the simulator at Microsoft's own addresses, such as
    /// `https://graph.microsoft.com` and `https://login.microsoftonline.com`. Responses then have
    /// links at these addresses. The proxy reaches no other server.
    #[cfg(feature = "tls")]
    pub fn proxy_port(mut self, port: u16) -> Self {
        self.network.secure = true;
        self.network.proxy = Some(port);
        self
    }
}

impl Network {
    /// Binds the ports.
    pub(super) async fn open(&self) -> Result<Sockets, Error> {
        for url in [&self.public, &self.public_storage].into_iter().flatten() {
            if !is_public(url) {
                return Err(Error::PublicUrl(url.clone()));
            }
        }
        let (graph, graph_port) = listen(self.port).await?;
        let (storage, storage_port) = listen(self.storage_port).await?;
        let own = async |port| match port {
            Some(port) => bind(Ipv4Addr::LOCALHOST.into(), port).await.map(Some),
            None => Ok(None),
        };
        let (proxy, control) = (own(self.proxy).await?, own(self.control).await?);
        let addresses = Addresses::new(&Known {
            secure: self.secure,
            ports: [graph_port, storage_port],
            public: self.public.as_deref(),
            public_storage: self.public_storage.as_deref(),
            proxied: self.proxy.is_some(),
        });
        #[cfg(feature = "tls")]
        let tls = match self.secure {
            true => Some(Tls::new(addresses.names())?),
            false => None,
        };
        #[cfg(not(feature = "tls"))]
        let tls = None;
        Ok(Sockets {
            graph,
            storage,
            proxy,
            control,
            addresses,
            tls,
        })
    }
}

/// The bound ports.
pub(super) struct Sockets {
    graph: Vec<TcpListener>,
    storage: Vec<TcpListener>,
    proxy: Option<TcpListener>,
    control: Option<TcpListener>,
    pub(super) addresses: Addresses,
    tls: Option<Tls>,
}

/// The addresses that a running simulator tells.
#[derive(Clone, Default)]
pub(super) struct Endpoints {
    /// The certificate to trust.
    pub(super) certificate: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) control: Option<String>,
}

impl Sockets {
    pub(super) fn endpoints(&self) -> Endpoints {
        let url = |listener: &Option<TcpListener>| {
            let address = listener.as_ref()?.local_addr().ok()?;
            Some(format!("http://{address}"))
        };
        Endpoints {
            #[cfg(feature = "tls")]
            certificate: self.tls.as_ref().map(|tls| tls.authority.clone()),
            #[cfg(not(feature = "tls"))]
            certificate: None,
            proxy: url(&self.proxy),
            control: url(&self.control),
        }
    }

    /// Starts the servers, which end with the runtime.
    pub(super) fn serve(self, simulator: &Simulator) {
        let core = &simulator.core;
        let server = |host| Server::new(Arc::clone(core), host, self.tls.clone());
        let (graph, storage) = (server(Host::Graph), server(Host::Storage));
        if let Some(listener) = self.proxy {
            let servers = [graph.clone(), storage.clone()];
            tokio::spawn(crate::proxy::serve(Arc::clone(core), servers, listener));
        }
        if let Some(listener) = self.control {
            tokio::spawn(control::serve(simulator.handle(), listener));
        }
        for listener in self.storage {
            tokio::spawn(serve(storage.clone(), listener));
        }
        for listener in self.graph {
            tokio::spawn(serve(graph.clone(), listener));
        }
    }
}

/// Listens on a port of this machine. If the system has IPv6, it listens there as well, because
/// `localhost` may mean either address.
async fn listen(port: u16) -> Result<(Vec<TcpListener>, u16), Error> {
    let listener = bind(Ipv4Addr::LOCALHOST.into(), port).await?;
    let address = listener.local_addr();
    let port = address
        .map_err(|source| Error::Listen { port, source })?
        .port();
    let mut listeners = vec![listener];
    listeners.extend(bind(Ipv6Addr::LOCALHOST.into(), port).await.ok());
    Ok((listeners, port))
}

async fn bind(address: IpAddr, port: u16) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind((address, port)).await;
    listener.map_err(|source| Error::Listen { port, source })
}
