//! The request's head is written to a buffer before it is encrypted. This overwrites it as soon as it is sent.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use zeroize::Zeroize;

/// Puts a [`Wiping`] around the connection, whatever it is.
#[derive(Debug)]
pub struct WipingConnector;

impl<In: Transport> Connector<In> for WipingConnector {
    type Out = Wiping<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Wiping<In>>, Error> {
        Ok(chained.map(Wiping))
    }
}

/// A connection whose outgoing buffer holds nothing once it is sent.
#[derive(Debug)]
pub struct Wiping<T>(T);

impl<T: Transport> Transport for Wiping<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let sent = self.0.transmit_output(amount, timeout);
        self.0.buffers().output()[..amount].zeroize();
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::unversioned::transport::LazyBuffers;

    /// Takes what it is given and does nothing with it.
    #[derive(Debug)]
    struct Sink(LazyBuffers);

    impl Transport for Sink {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.0
        }

        fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), Error> {
            Err(Error::ConnectionFailed)
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
            Ok(false)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    #[test]
    fn the_buffer_is_empty_even_when_sending_failed() {
        let mut connection = Wiping(Sink(LazyBuffers::new(16, 16)));
        connection.buffers().output().copy_from_slice(b"a secret of 16 b");
        assert!(connection.transmit_output(8, NextTimeout::default()).is_err());
        assert_eq!(connection.buffers().output(), b"\0\0\0\0\0\0\0\0 of 16 b");
    }
}
