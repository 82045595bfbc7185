//! A simulated UDP socket: packets that arrive when they do, or not.
//!
//! Knows nothing of connections.

use super::address::{plain, unreachable};
use super::connection::error;
use super::network::{Network, State, place};
use super::options::Options;
use super::ports::{Terms, is_free, matches};
use super::weather::Way;
use crate::backing::{Opened, Simulated, unsupported};
use sisal_reactor::{Bell, Interest, Source, Standin};
use socket2::SockAddr;
use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

/// The most that fits into a packet.
const PACKET_MAX: usize = 65_507;
/// How many bytes a socket holds that nobody has received: Linux's default. What comes on top is lost.
const CAPACITY: usize = 212_992;

struct Packet {
    arrives: Instant,
    from: SocketAddr,
    bytes: Vec<u8>,
}

pub(super) struct Mailbox {
    host: u32,
    address: SocketAddr,
    terms: Terms,
    peer: Option<SocketAddr>,
    /// By arrival.
    packets: VecDeque<Packet>,
    bytes: usize,
    /// When it learns that nobody has the port that it sent to.
    refused_at: Option<Instant>,
    bell: Bell,
}

impl Mailbox {
    fn deliver(&mut self, packet: Packet) {
        if self.bytes + packet.bytes.len() > CAPACITY {
            return;
        }
        self.bytes += packet.bytes.len();
        let place = self.packets.partition_point(|before| before.arrives <= packet.arrives);
        self.packets.insert(place, packet);
    }

    fn take_refusal(&mut self, now: Instant) -> io::Result<()> {
        match self.refused_at.filter(|at| *at <= now) {
            None => Ok(()),
            Some(_) => {
                self.refused_at = None;
                Err(error(libc::ECONNREFUSED))
            }
        }
    }
}

/// Copies of `bytes` what fits; how much that was.
pub(super) fn scatter(bytes: &[u8], slices: &mut [IoSliceMut<'_>]) -> usize {
    let mut rest = bytes;
    for slice in slices {
        let (part, after) = rest.split_at(slice.len().min(rest.len()));
        slice[..part.len()].copy_from_slice(part);
        rest = after;
    }
    bytes.len() - rest.len()
}

impl State {
    fn packet_port_is_free(&self, host: u32, address: SocketAddr, terms: Terms) -> bool {
        let others = self.mailboxes.values().filter(|mailbox| mailbox.host == host);
        is_free(others.map(|mailbox| (mailbox.address, mailbox.terms)), address, terms)
    }

    /// The socket on `host` that is meant by `address`, for who sends from `from`: the one that is connected with it, else the one
    /// that is bound most closely.
    fn mailbox_at(&self, host: u32, address: SocketAddr, from: SocketAddr) -> Option<u64> {
        let meant = self.mailboxes.iter().filter_map(|(number, mailbox)| {
            let is_here = mailbox.host == host && mailbox.address.port() == address.port();
            let hears = mailbox.peer.is_none_or(|peer| peer == from);
            let by_name = matches(mailbox.address.ip(), mailbox.terms.only_v6, address.ip())?;
            (is_here && hears).then_some(((mailbox.peer.is_some(), by_name), *number))
        });
        meant.max_by_key(|(rank, _)| *rank).map(|(_, number)| number)
    }

    fn send_packet(&mut self, sender: u64, bytes: &[u8], to: SocketAddr, now: Instant) -> io::Result<usize> {
        let mailbox = self.mailboxes.get_mut(&sender).expect(IS_THERE);
        mailbox.take_refusal(now)?;
        let (host, own, peer) = (mailbox.host, mailbox.address, mailbox.peer);
        if bytes.len() > PACKET_MAX {
            return Err(error(libc::EMSGSIZE));
        }
        if to.ip().is_multicast() || to.ip() == IpAddr::V4(std::net::Ipv4Addr::BROADCAST) {
            return Err(unsupported());
        }
        let there = self.route(host, to.ip()).ok_or_else(|| unreachable(to.ip()))?;
        let ip = if own.ip().is_unspecified() {
            self.machines[host as usize].address_towards(to.ip())
        } else {
            own.ip()
        };
        let (from, way) = (SocketAddr::new(ip, own.port()), (host, there));
        if self.links.is_cut(way) || self.links.weather(way).loss.strikes() {
            return Ok(bytes.len());
        }
        match self.mailbox_at(there, to, from) {
            Some(receiver) => self.deliver(receiver, way, (from, bytes), now),
            None if peer == Some(to) => {
                let back = self.links.arrival(way, bytes.len(), now);
                let back = self.links.arrival((there, host), 0, back);
                let mailbox = self.mailboxes.get_mut(&sender).expect(IS_THERE);
                mailbox.refused_at = Some(back);
                self.rings.push((mailbox.bell.clone(), Interest::Readable));
            }
            None => {}
        }
        Ok(bytes.len())
    }

    fn deliver(&mut self, receiver: u64, way: Way, (from, bytes): (SocketAddr, &[u8]), now: Instant) {
        let copies = if self.links.weather(way).duplication.strikes() { 2 } else { 1 };
        for _ in 0..copies {
            let arrives = self.links.arrival(way, bytes.len(), now);
            let mailbox = self.mailboxes.get_mut(&receiver).expect(IS_THERE);
            mailbox.deliver(Packet { arrives, from, bytes: bytes.to_vec() });
            self.rings.push((mailbox.bell.clone(), Interest::Readable));
        }
    }
}

/// A mailbox is there until its socket is closed.
const IS_THERE: &str = "a mailbox with a socket";

impl Network {
    /// A UDP socket at `address` of the host on which the caller is.
    pub(crate) fn bind_packets(self: &Arc<Self>, address: SocketAddr, terms: Terms) -> io::Result<Opened> {
        let host = place();
        self.with(|state, _| {
            let is_free = |state: &State, address, terms| state.packet_port_is_free(host, address, terms);
            let address = state.settle(host, address, terms, is_free)?;
            let (number, source) = (state.number(), Source::new());
            let mailbox = Mailbox {
                host,
                address,
                terms,
                peer: None,
                packets: VecDeque::new(),
                bytes: 0,
                refused_at: None,
                bell: source.bell(),
            };
            state.mailboxes.insert(number, mailbox);
            let socket: Box<dyn Simulated> =
                Box::new(Packets { network: Arc::clone(self), number, options: Options::default() });
            Ok((source, socket))
        })
    }
}

struct Packets {
    network: Arc<Network>,
    number: u64,
    options: Options,
}

impl Packets {
    fn with<R>(&self, f: impl FnOnce(&mut Mailbox, Instant) -> R) -> R {
        self.network.with(|state, now| f(state.mailboxes.get_mut(&self.number).expect(IS_THERE), now))
    }

    /// Takes the first packet that has arrived, or looks at it; how much of it fits, and whose it is.
    fn take(&self, slices: &mut [IoSliceMut<'_>], peeks: bool) -> io::Result<(usize, SockAddr)> {
        self.with(|mailbox, now| {
            mailbox.take_refusal(now)?;
            let first = mailbox.packets.front().filter(|first| first.arrives <= now);
            let first = first.ok_or(io::ErrorKind::WouldBlock)?;
            let count = scatter(&first.bytes, slices);
            let from = match (mailbox.address, first.from.ip()) {
                (SocketAddr::V6(_), IpAddr::V4(ip)) => {
                    SocketAddr::new(ip.to_ipv6_mapped().into(), first.from.port())
                }
                _ => first.from,
            };
            let taken = (count, from.into());
            if !peeks {
                mailbox.bytes -= first.bytes.len();
                mailbox.packets.pop_front();
            }
            Ok(taken)
        })
    }
}

impl Standin for Packets {
    fn number(&self) -> i32 {
        self.number as i32
    }

    fn is_ready(&self, interest: Interest) -> bool {
        interest == Interest::Writable
            || self.with(|mailbox, now| {
                let first = mailbox.packets.front().map(|first| first.arrives);
                first.into_iter().chain(mailbox.refused_at).any(|at| at <= now)
            })
    }

    fn changes_at(&self, _interest: Interest) -> Option<Instant> {
        self.with(|mailbox, now| {
            let first = mailbox.packets.front().map(|first| first.arrives);
            first.into_iter().chain(mailbox.refused_at).filter(|at| *at > now).min()
        })
    }
}

impl Simulated for Packets {
    fn local(&self) -> io::Result<SockAddr> {
        Ok(self.with(|mailbox, _| mailbox.address).into())
    }

    fn peer(&self) -> io::Result<SockAddr> {
        self.with(|mailbox, _| mailbox.peer).map(SockAddr::from).ok_or_else(|| error(libc::ENOTCONN))
    }

    fn recv(&self, slices: &mut [IoSliceMut<'_>], peeks: bool) -> io::Result<usize> {
        Ok(self.take(slices, peeks)?.0)
    }

    fn recv_from(&self, bytes: &mut [u8], peeks: bool) -> io::Result<(usize, SockAddr)> {
        self.take(&mut [IoSliceMut::new(bytes)], peeks)
    }

    fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let to = self.with(|mailbox, _| mailbox.peer).ok_or_else(|| error(libc::EDESTADDRREQ))?;
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.network.with(|state, now| state.send_packet(self.number, &bytes, to, now))
    }

    fn send_to(&self, bytes: &[u8], address: &SockAddr) -> io::Result<usize> {
        let to = plain(crate::addr::of_ip(address)?);
        self.network.with(|state, now| state.send_packet(self.number, bytes, to, now))
    }

    fn connect(&self, address: &SockAddr) -> io::Result<()> {
        let to = plain(crate::addr::of_ip(address)?);
        self.network.with(|state, _| {
            let mailbox = &state.mailboxes[&self.number];
            let (host, own) = (mailbox.host, mailbox.address.ip());
            state.route(host, to.ip()).ok_or_else(|| unreachable(to.ip()))?;
            let ip = state.machines[host as usize].address_towards(to.ip());
            let mailbox = state.mailboxes.get_mut(&self.number).expect(IS_THERE);
            mailbox.peer = Some(to);
            if own.is_unspecified() {
                mailbox.address.set_ip(ip);
            }
            Ok(())
        })
    }

    fn take_error(&self) -> Option<io::Error> {
        self.with(|mailbox, now| mailbox.take_refusal(now).err())
    }

    fn set(&self, option: &'static str, value: u32) {
        self.options.set(option, value);
    }

    fn get(&self, option: &'static str) -> Option<u32> {
        self.options.get(option)
    }
}

impl Drop for Packets {
    fn drop(&mut self) {
        self.network.with(|state, _| state.mailboxes.remove(&self.number));
    }
}
