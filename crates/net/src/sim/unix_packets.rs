//! A simulated datagram socket of the Unix family: packets within one host, which arrive at once, in order, and are never lost.
//!
//! Knows nothing of files: none appears. An address belongs to a socket, and is free again when that is closed.
//!
//! Who sends to a full socket waits. One that is connected with it is told when there is room; another looks again, as on a real
//! system, where no event tells it either.

use super::connection::error;
use super::network::{Network, State, place};
use super::options::Options;
use super::packets::scatter;
use crate::Shutdown;
use crate::backing::{Opened, Simulated};
use sisal_reactor::{Bell, Interest, Source, Standin};
use socket2::SockAddr;
use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::Instant;

/// Packets that a socket holds, and one more: `max_dgram_qlen`, as Linux begins.
const QUEUE_MAX: usize = 10;
/// What two sockets that are connected with each other hold instead, in bytes: Linux's default for a sender's buffer.
const CAPACITY: usize = 212_992;
/// What a packet takes of that beside its bytes.
const OVERHEAD: usize = 768;

struct Packet {
    from: SockAddr,
    bytes: Vec<u8>,
}

pub(super) struct LocalMailbox {
    pub(super) host: u32,
    pub(super) address: SockAddr,
    /// The socket that it is connected to, which may be closed by now, and that one's address.
    peer: Option<(u64, SockAddr)>,
    packets: VecDeque<Packet>,
    /// What they take of [`CAPACITY`].
    taken: usize,
    reads_no_more: bool,
    writes_no_more: bool,
    bell: Bell,
}

impl LocalMailbox {
    fn is_peer(&self, number: u64) -> bool {
        self.peer.as_ref().is_some_and(|(peer, _)| *peer == number)
    }

    /// Whether `sender` has to wait until something is received.
    fn is_full_for(&self, sender: u64) -> bool {
        if self.is_peer(sender) { self.taken >= CAPACITY } else { self.packets.len() > QUEUE_MAX }
    }
}

/// A mailbox is there until its socket is closed.
const IS_THERE: &str = "a mailbox with a socket";

impl State {
    fn local_mailbox_at(&self, host: u32, address: &SockAddr) -> Option<u64> {
        let is_meant = |mailbox: &LocalMailbox| {
            mailbox.host == host && mailbox.address == *address && !address.is_unnamed()
        };
        self.local_mailboxes.iter().find(|(_, mailbox)| is_meant(mailbox)).map(|(number, _)| *number)
    }

    /// The socket at that address, for one on `host` that may talk with it.
    fn local_partner(&self, number: u64, address: &SockAddr) -> io::Result<u64> {
        let host = self.local_mailboxes[&number].host;
        let partner = self.local_mailbox_at(host, address).ok_or_else(|| error(libc::ECONNREFUSED))?;
        let other = &self.local_mailboxes[&partner];
        // Who is connected hears nobody else.
        if other.peer.is_some() && !other.is_peer(number) {
            return Err(error(libc::EPERM));
        }
        Ok(partner)
    }

    fn send_local(&mut self, sender: u64, bytes: Vec<u8>, to: Option<&SockAddr>) -> io::Result<usize> {
        let own = &self.local_mailboxes[&sender];
        if own.writes_no_more {
            return Err(error(libc::EPIPE));
        }
        if bytes.len() > CAPACITY - OVERHEAD {
            return Err(error(libc::EMSGSIZE));
        }
        let from = own.address.clone();
        let receiver = match (to, &own.peer) {
            (Some(address), _) => self.local_partner(sender, address)?,
            (None, Some((peer, _))) => *peer,
            (None, None) => return Err(error(libc::ENOTCONN)),
        };
        let Some(other) = self.local_mailboxes.get_mut(&receiver) else {
            self.local_mailboxes.get_mut(&sender).expect(IS_THERE).peer = None;
            return Err(error(libc::ECONNREFUSED));
        };
        if other.reads_no_more {
            return Err(error(libc::EPIPE));
        }
        if other.is_full_for(sender) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = bytes.len();
        other.taken += count + OVERHEAD;
        other.packets.push_back(Packet { from, bytes });
        self.rings.push((other.bell.clone(), Interest::Readable));
        Ok(count)
    }

    /// Tells those that are connected to it that there is room, or that there never will be.
    fn tell_senders_of(&mut self, receiver: u64) {
        let senders = self.local_mailboxes.values().filter(|mailbox| mailbox.is_peer(receiver));
        self.rings.extend(senders.map(|mailbox| (mailbox.bell.clone(), Interest::Writable)));
    }
}

impl Network {
    /// A socket on the caller's host, at `address` if there is one.
    pub(crate) fn bind_local(self: &Arc<Self>, address: Option<&SockAddr>) -> io::Result<Opened> {
        let (host, unnamed) = (place(), SockAddr::unix("")?);
        self.with(|state, _| {
            let address = address.unwrap_or(&unnamed);
            if !state.unix_address_is_free(host, address) {
                return Err(error(libc::EADDRINUSE));
            }
            Ok(self.open_local(state, host, address.clone()).1)
        })
    }

    /// Two sockets that are connected with each other.
    pub(crate) fn local_pair(self: &Arc<Self>) -> io::Result<(Opened, Opened)> {
        let (host, unnamed) = (place(), SockAddr::unix("")?);
        Ok(self.with(|state, _| {
            let (first, opened) = self.open_local(state, host, unnamed.clone());
            let (second, other) = self.open_local(state, host, unnamed.clone());
            for (one, another) in [(first, second), (second, first)] {
                let mailbox = state.local_mailboxes.get_mut(&one).expect(IS_THERE);
                mailbox.peer = Some((another, unnamed.clone()));
            }
            (opened, other)
        }))
    }

    fn open_local(self: &Arc<Self>, state: &mut State, host: u32, address: SockAddr) -> (u64, Opened) {
        let (number, source) = (state.number(), Source::new());
        let mailbox = LocalMailbox {
            host,
            address,
            peer: None,
            packets: VecDeque::new(),
            taken: 0,
            reads_no_more: false,
            writes_no_more: false,
            bell: source.bell(),
        };
        state.local_mailboxes.insert(number, mailbox);
        let socket = LocalPackets { network: Arc::clone(self), number, options: Options::default() };
        (number, (source, Box::new(socket)))
    }
}

struct LocalPackets {
    network: Arc<Network>,
    number: u64,
    options: Options,
}

impl LocalPackets {
    fn with<R>(&self, f: impl FnOnce(&mut LocalMailbox) -> R) -> R {
        self.network.with(|state, _| f(state.local_mailboxes.get_mut(&self.number).expect(IS_THERE)))
    }

    /// Takes the first packet, or looks at it; how much of it fits, and whose it is.
    fn take(&self, slices: &mut [IoSliceMut<'_>], peeks: bool) -> io::Result<(usize, SockAddr)> {
        let unnamed = SockAddr::unix("")?;
        self.network.with(|state, _| {
            let mailbox = state.local_mailboxes.get_mut(&self.number).expect(IS_THERE);
            let Some(first) = mailbox.packets.front() else {
                return if mailbox.reads_no_more {
                    Ok((0, unnamed))
                } else {
                    Err(io::ErrorKind::WouldBlock.into())
                };
            };
            let taken = (scatter(&first.bytes, slices), first.from.clone());
            if !peeks {
                mailbox.taken -= first.bytes.len() + OVERHEAD;
                mailbox.packets.pop_front();
                state.tell_senders_of(self.number);
            }
            Ok(taken)
        })
    }
}

impl Standin for LocalPackets {
    fn number(&self) -> i32 {
        self.number as i32
    }

    fn is_ready(&self, interest: Interest) -> bool {
        self.network.with(|state, _| {
            let own = &state.local_mailboxes[&self.number];
            match interest {
                Interest::Readable => own.reads_no_more || !own.packets.is_empty(),
                Interest::Writable => {
                    let peer = own.peer.as_ref().and_then(|(peer, _)| state.local_mailboxes.get(peer));
                    own.writes_no_more || peer.is_none_or(|peer| !peer.is_full_for(self.number))
                }
            }
        })
    }

    fn changes_at(&self, _interest: Interest) -> Option<Instant> {
        None
    }
}

impl Simulated for LocalPackets {
    fn local(&self) -> io::Result<SockAddr> {
        Ok(self.with(|mailbox| mailbox.address.clone()))
    }

    fn peer(&self) -> io::Result<SockAddr> {
        let peer = self.with(|mailbox| mailbox.peer.as_ref().map(|(_, address)| address.clone()));
        peer.ok_or_else(|| error(libc::ENOTCONN))
    }

    fn recv(&self, slices: &mut [IoSliceMut<'_>], peeks: bool) -> io::Result<usize> {
        Ok(self.take(slices, peeks)?.0)
    }

    fn recv_from(&self, bytes: &mut [u8], peeks: bool) -> io::Result<(usize, SockAddr)> {
        self.take(&mut [IoSliceMut::new(bytes)], peeks)
    }

    fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.network.with(|state, _| state.send_local(self.number, bytes, None))
    }

    fn send_to(&self, bytes: &[u8], address: &SockAddr) -> io::Result<usize> {
        self.network.with(|state, _| state.send_local(self.number, bytes.to_vec(), Some(address)))
    }

    fn connect(&self, address: &SockAddr) -> io::Result<()> {
        self.network.with(|state, _| {
            let peer = state.local_partner(self.number, address)?;
            let mailbox = state.local_mailboxes.get_mut(&self.number).expect(IS_THERE);
            mailbox.peer = Some((peer, address.clone()));
            Ok(())
        })
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.network.with(|state, _| {
            let mailbox = state.local_mailboxes.get_mut(&self.number).expect(IS_THERE);
            mailbox.reads_no_more |= how != Shutdown::Write;
            mailbox.writes_no_more |= how != Shutdown::Read;
            state
                .rings
                .extend([Interest::Readable, Interest::Writable].map(|side| (mailbox.bell.clone(), side)));
            state.tell_senders_of(self.number);
        });
        Ok(())
    }

    fn set(&self, option: &'static str, value: u32) {
        self.options.set(option, value);
    }

    fn get(&self, option: &'static str) -> Option<u32> {
        self.options.get(option)
    }
}

impl Drop for LocalPackets {
    fn drop(&mut self) {
        self.network.with(|state, _| {
            state.local_mailboxes.remove(&self.number);
            state.tell_senders_of(self.number);
        });
    }
}
