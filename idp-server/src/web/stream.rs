//! Answers that are written while they are sent: few of their parts are in memory, however many there are.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::mpsc;
use twolatch_core::store::StoreError;

/// Pieces that wait to be sent.
const AHEAD: usize = 2;

type Piece = Result<Bytes, StoreError>;

/// Where such an answer is written to.
#[derive(Debug)]
pub struct Out(mpsc::Sender<Piece>);

impl Out {
    /// Sends a part on; whether anybody still wants the rest.
    pub async fn send(&self, part: String) -> bool {
        part.is_empty() || self.0.send(Ok(part.into())).await.is_ok()
    }

    /// Breaks the connection: what is cut off must not look whole.
    pub async fn fail(&self, error: StoreError) {
        tracing::error!(%error, "an answer has ended early");
        drop(self.0.send(Err(error)).await);
    }
}

/// Where to write to, and the body that comes of it.
pub fn body() -> (Out, Body) {
    let (sender, pieces) = mpsc::channel(AHEAD);
    (Out(sender), Body::new(Pieces(pieces)))
}

struct Pieces(mpsc::Receiver<Piece>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
