//! One connection that is kept, and the certificate that was shown on it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use super::server::HOST;

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A connection over TLS to a listener of this machine.
pub(crate) struct Connection(BufReader<Tls>);

/// An answer: status and body.
pub(crate) type Answer = (u16, String);

impl Connection {
    /// Connects as this test TPP, and shakes hands.
    pub(crate) fn open(pki: &Path, port: u16, oid: &str) -> Self {
        let read = |name: &str| fs::read(pki.join(name)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&read("tls-ca.pem")).unwrap()).unwrap();
        let own = CertificateDer::from_pem_slice(&read(&format!("tpp/{oid}/qwac.pem"))).unwrap();
        let key = PrivateKeyDer::from_pem_slice(&read(&format!("tpp/{oid}/qwac.key"))).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![own], key)
            .unwrap();
        let mut client = ClientConnection::new(Arc::new(config), HOST.try_into().unwrap()).unwrap();
        let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        while client.is_handshaking() {
            client.complete_io(&mut socket).unwrap();
        }
        Self(BufReader::new(StreamOwned::new(client, socket)))
    }

    /// The server's certificate, DER.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        let shown = self.0.get_ref().conn.peer_certificates().unwrap();
        shown.first().unwrap().to_vec()
    }

    /// Asks for a token.
    pub(crate) fn ask_token(&mut self, client_id: &str) -> Answer {
        let form = format!("grant_type=client_credentials&client_id={client_id}&scope=pisp");
        let length = form.len();
        let request = format!(
            "POST /stet/psd2/oauth/token HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\
            Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}"
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.0.read_line(&mut head).unwrap() > 0, "the connection is closed: {head}");
        }
        let head = head.to_ascii_lowercase();
        let status = head.get(9..12).unwrap().parse().unwrap();
        let (_, length) = head.split_once("content-length: ").unwrap();
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}

/// Calls the operator's listener.
pub(crate) fn ask_operator(port: u16, method: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = "Content-Length: 0\r\nConnection: close";
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.get(9..12).unwrap().parse().unwrap(), body.to_owned())
}
