use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::unix::net::UnixDatagram;
use std::thread::JoinHandle;
use std::time::Duration;

use netlink_packet_core::{
    NLA_F_NESTED, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_MULTIPART, NLMSG_DONE, NLMSG_ERROR,
};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use super::wire::Wire;
use super::*;
use crate::net::testing::lab;

const GET_LINK: u16 = 18;
const NEW_LINK: u16 = 16;
/// `struct ifinfomsg`.
const BODY: [u8; 16] = [0; 16];

/// A message of the kernel's.
fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = (HEADER + payload.len()) as u32;
    let mut out = length.to_ne_bytes().to_vec();
    out.extend([kind.to_ne_bytes(), flags.to_ne_bytes()].concat());
    out.extend([sequence.to_ne_bytes(), [0; 4]].concat());
    out.extend_from_slice(payload);
    out
}

/// NLMSG_ERROR with a capped request; 0 is the ack.
fn error(sequence: u32, code: i32, attributes: &[u8]) -> Vec<u8> {
    let payload = [&code.to_ne_bytes(), &[0; HEADER][..], attributes].concat();
    message(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, sequence, &payload)
}

fn done(sequence: u32, flags: u16, code: i32) -> Vec<u8> {
    message(NLMSG_DONE, NLM_F_MULTIPART | flags, sequence, &code.to_ne_bytes())
}

fn link(sequence: u32, flags: u16, payload: &[u8]) -> Vec<u8> {
    message(NEW_LINK, flags, sequence, payload)
}

/// A kernel that answers each request, by its number from 1 on, with these datagrams; and the connection to it.
fn kernel(answer: impl Fn(u32) -> Vec<Vec<u8>> + Send + 'static) -> (Route, JoinHandle<Vec<Vec<u8>>>) {
    // Unlike datagrams, these end when the other side is closed.
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).unwrap();
    let theirs = UnixDatagram::from(theirs);
    let thread = std::thread::spawn(move || {
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = theirs.recv(&mut buffer) {
            let request = &buffer[..length];
            for datagram in answer(NetlinkBuffer::new(request).sequence_number()) {
                let _ = theirs.send(&datagram);
            }
            asked.push(request.to_vec());
        }
        asked
    });
    // SAFETY: the descriptor is open and given away.
    let socket = unsafe { netlink_sys::Socket::from_raw_fd(ours.into_raw_fd()) };
    (Route::over(Wire::over(socket)), thread)
}

/// The first bytes of the objects that came; forgets those before a dump began anew.
fn ask(route: &mut Route, flags: u16) -> Result<Vec<u8>> {
    ask_as(GET_LINK, route, flags)
}

fn ask_as(message_type: u16, route: &mut Route, flags: u16) -> Result<Vec<u8>> {
    let mut found = Vec::new();
    let known = route.raw(message_type, flags, &BODY, &mut |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => found.push(answer.payload[0]),
        }
        Ok(())
    })?;
    assert!(known);
    Ok(found)
}

#[test]
fn an_answer_comes_before_its_ack_in_one_datagram_or_two() {
    let (mut route, kernel) = kernel(|n| match n {
        1 => vec![[link(1, 0, &[7; 4]), error(1, 0, &[])].concat()],
        n => vec![link(n, 0, &[8; 4]), error(n, 0, &[])],
    });
    assert_eq!(ask_as(NEW_LINK, &mut route, 0).unwrap(), [7]);
    assert_eq!(ask_as(NEW_LINK, &mut route, 0).unwrap(), [8]);
    drop(route);
    let asked = kernel.join().unwrap();
    // NLM_F_REQUEST and NLM_F_ACK; the number; the body as it was given.
    assert_eq!(asked[1], message(NEW_LINK, 5, 2, &BODY));
}

#[test]
fn a_get_ends_with_its_answer_and_asks_for_no_ack() {
    let (mut route, kernel) = kernel(|n| match n {
        1 => vec![link(1, 0, &[7; 4])],
        // Whatever else it gets belongs to another request.
        2 => vec![error(1, 0, &[]), link(1, 0, &[9; 4]), link(2, 0, &[8; 4])],
        n => vec![error(n, -libc::ENODEV, &[])],
    });
    assert_eq!(ask(&mut route, 0).unwrap(), [7]);
    assert_eq!(ask(&mut route, 0).unwrap(), [8]);
    assert_eq!(ask(&mut route, 0).unwrap_err().raw(), Some(Errno::ENODEV));
    drop(route);
    // NLM_F_REQUEST alone.
    assert_eq!(kernel.join().unwrap()[0], message(GET_LINK, 1, 1, &BODY));
}

#[test]
fn the_text_of_the_extended_ack_is_the_detail() {
    let (mut route, _kernel) = kernel(|n| {
        let attributes = [
            8, 0, 2, 0, 20, 0, 0, 0, // NLMSGERR_ATTR_OFFS = 20
            10, 0, 1, 0, b'N', b'o', b'p', b'e', b'.', 0, 0, 0, // NLMSGERR_ATTR_MSG = "Nope."
        ];
        vec![error(n, -libc::EINVAL, &attributes)]
    });
    assert_eq!(ask(&mut route, 0).unwrap_err().message(), "invalid argument (EINVAL): Nope");
}

#[test]
fn without_a_text_the_attribute_is_named_that_the_extended_ack_points_at() {
    // NLMSGERR_ATTR_OFFS: behind the header and `struct ifinfomsg`.
    let (mut route, _kernel) = kernel(|n| vec![error(n, -libc::EINVAL, &[8, 0, 2, 0, 32, 0, 0, 0])]);
    let body = [&BODY[..], &[8, 0, 13, 0, 0, 0, 0, 0]].concat();
    let refused = route.raw(NEW_LINK, 0, &body, &mut |_| Ok(())).unwrap_err();
    assert_eq!(refused.message(), "invalid argument (EINVAL): netlink attribute 13 was refused");
}

#[test]
fn an_interrupted_dump_is_repeated() {
    let (mut route, _kernel) = kernel(|n| match n {
        // Marked at an object, then at the end.
        1 => vec![link(1, NLM_F_MULTIPART | NLM_F_DUMP_INTR, &[1; 4]), done(1, 0, 0)],
        2 => vec![link(2, NLM_F_MULTIPART, &[2; 4]), done(2, NLM_F_DUMP_INTR, 0)],
        n => vec![link(n, NLM_F_MULTIPART, &[3; 4]), link(n, NLM_F_MULTIPART, &[4; 4]), done(n, 0, 0)],
    });
    assert_eq!(ask(&mut route, NLM_F_DUMP).unwrap(), [3, 4]);
}

#[test]
fn a_dump_that_is_always_interrupted_ends() {
    let (mut route, kernel) = kernel(|n| vec![link(n, NLM_F_DUMP_INTR, &[1; 4]), done(n, 0, 0)]);
    assert_eq!(ask(&mut route, NLM_F_DUMP).unwrap(), [1]);
    drop(route);
    assert_eq!(kernel.join().unwrap().len(), 16);
}

#[test]
fn a_dump_refused_at_its_end_is_an_error() {
    let (mut route, _kernel) =
        kernel(|n| vec![link(n, NLM_F_MULTIPART, &[1; 4]), done(n, 0, -libc::EOPNOTSUPP)]);
    assert_eq!(ask(&mut route, NLM_F_DUMP).unwrap_err().raw(), Some(Errno::EOPNOTSUPP));
}

#[test]
fn an_object_that_no_crate_could_decode_is_handed_over() {
    // No `struct ifinfomsg`, and an unknown type.
    let (mut route, _kernel) =
        kernel(|n| vec![link(n, 0, &[9]), message(4000, 0, n, &[6]), error(n, 0, &[])]);
    assert_eq!(ask_as(NEW_LINK, &mut route, 0).unwrap(), [9, 6]);
    let (mut route, _kernel) = kernel(|n| vec![message(4000, 0, n, &[6])]);
    assert_eq!(ask(&mut route, 0).unwrap(), [6]);
}

#[test]
fn an_answer_that_is_no_message_is_an_error_of_that_request() {
    let broken: [fn(u32) -> Vec<u8>; 4] = [
        // A length beyond the datagram, and one shorter than a header.
        |n| [&200u32.to_ne_bytes(), &link(n, 0, &[1; 4])[4..]].concat(),
        |n| [&3u32.to_ne_bytes(), &link(n, 0, &[1; 4])[4..]].concat(),
        // An NLMSG_ERROR and an NLMSG_DONE without room for their errno.
        |n| message(NLMSG_ERROR, 0, n, &[1, 2]),
        |n| message(NLMSG_DONE, 0, n, &[1, 2]),
    ];
    for datagram in broken {
        let (mut route, _kernel) = kernel(move |n| match n {
            1 => vec![datagram(1), link(1, 0, &[1; 4]), error(1, 0, &[])],
            n => vec![link(n, 0, &[2; 4]), error(n, 0, &[])],
        });
        let refused = ask(&mut route, 0).unwrap_err();
        assert!(refused.kind() == Kind::Protocol || refused.raw() == Some(Errno::EBADMSG), "{refused:?}");
        assert_eq!(ask(&mut route, 0).unwrap(), [2]);
    }
}

#[test]
fn answers_to_an_earlier_request_are_passed_over() {
    let (mut route, _kernel) = kernel(|n| match n {
        1 => vec![link(1, NLM_F_MULTIPART, &[1; 4]), link(1, NLM_F_MULTIPART, &[2; 4]), done(1, 0, 0)],
        n => vec![link(1, 0, &[3; 4]), done(1, 0, 0), link(n, 0, &[4; 4]), error(n, 0, &[])],
    });
    // Given up after the first object.
    let stop = || Err(Error::new(Kind::Check, "enough"));
    let given_up = route.raw(GET_LINK, NLM_F_DUMP, &BODY, &mut |answer| answer.map_or(Ok(()), |_| stop()));
    assert_eq!(given_up.unwrap_err().kind(), Kind::Check);
    assert_eq!(ask(&mut route, 0).unwrap(), [4]);
}

#[test]
fn a_request_that_cannot_be_sent_is_an_error_and_the_next_one_works() {
    // Longer than the send buffer.
    let (mut route, _kernel) = kernel(|n| vec![error(n, 0, &[])]);
    let mut long = BODY.to_vec();
    for _ in 0..8 {
        long.extend([&60_004u16.to_ne_bytes()[..], &[13, 0], &[0; 60_000]].concat());
    }
    let refused = route.raw(NEW_LINK, 0, &long, &mut |_| Ok(())).unwrap_err();
    assert_eq!(refused.raw(), Some(Errno::EMSGSIZE));
    assert!(ask(&mut route, 0).unwrap().is_empty());
}

#[test]
fn a_kernel_that_does_not_answer_is_waited_for_until_the_deadline() {
    let (mut route, _kernel) = kernel(|n| if n == 1 { vec![] } else { vec![error(n, 0, &[])] });
    route.set_timeout(Duration::from_millis(20));
    assert_eq!(ask(&mut route, 0).unwrap_err().kind(), Kind::Timeout);
    assert!(ask(&mut route, 0).unwrap().is_empty());
}

/// What the crate writes is what our rows wrote.
#[test]
fn a_typed_request_has_the_same_bytes() {
    use netlink_packet_core::NetlinkSerializable;
    let mut random = crate::net::nf::test::Random::new(8);
    for kind in message::KNOWN.iter().copied() {
        for _ in 0..200 {
            let header = match kind {
                16..=19 | 108 | 109 => 16,
                20..=22 => 8,
                36..=46 => 20,
                88..=90 => 4,
                _ => 12,
            };
            let mut body = random.bytes(header);
            body.resize(header, 1);
            // What the kernel leaves unused is 0; and the type of a link, which no request gives: the crate has no
            // variant that keeps an unknown one.
            let unused: &[usize] = match kind {
                16..=19 | 108 | 109 => &[1, 2, 3],
                28..=30 => &[1, 2, 3],
                32..=34 => &[5, 6],
                36..=46 => &[1, 2, 3],
                88..=90 => &[1, 2, 3],
                _ => &[],
            };
            unused.iter().for_each(|at| body[*at] = 0);
            // The crate drops the flag of a route's attributes.
            let nested = if (24..=26).contains(&kind) { 0 } else { NLA_F_NESTED };
            for (number, length) in [(3u16, 5usize), (18 | nested, 8), (44, 0)] {
                body.extend([(length as u16 + 4).to_ne_bytes(), number.to_ne_bytes()].concat());
                body.extend(std::iter::repeat_n(0xa5, length));
                body.resize(body.len().next_multiple_of(4), 0);
            }
            let typed = message::typed(kind, &body).unwrap();
            let mut bytes = vec![0; NetlinkSerializable::buffer_len(&typed)];
            NetlinkSerializable::serialize(&typed, &mut bytes);
            assert_eq!((NetlinkSerializable::message_type(&typed), bytes), (kind, body));
        }
    }
}

#[test]
fn the_kernel_tells_why_and_goes_on() {
    lab(|all| {
        let ns = all.host();
        // A link with a name and no kind.
        let body = [&BODY[..], &[8, 0, 3, 0, b'x', b'0', 0, 0]].concat();
        let refused = ns.rtnl(NEW_LINK, 0x400, &body, |_| Ok(())).unwrap_err();
        assert!(refused.raw().is_some(), "{refused:?}");
        // An MTU (4) of two bytes: the policy's text.
        let body = [&BODY[..4], &1u32.to_ne_bytes(), &[0; 8], &[6, 0, 4, 0, 1, 0, 0, 0]].concat();
        let refused = ns.rtnl(19, 0, &body, |_| Ok(())).unwrap_err();
        assert_eq!(
            refused.message(),
            "numerical result out of range (ERANGE): Attribute failed policy validation"
        );
        let mut lo = 0;
        ns.rtnl(GET_LINK, NLM_F_DUMP, &BODY, |answer| {
            lo += usize::from(answer.is_some());
            Ok(())
        })
        .unwrap();
        assert!(lo >= 1);
    });
}

#[test]
fn a_route_keeps_the_nested_flag_of_its_attributes() {
    let body = [&[0; 12][..], &4u16.to_ne_bytes(), &(22 | NLA_F_NESTED).to_ne_bytes()].concat();
    assert!(message::typed(24, &body).is_none());
}

/// RTM_GETNETCONF, of which netlink-packet-route has no message.
#[test]
fn a_type_that_the_crate_lacks_goes_its_own_way() {
    lab(|all| {
        let mut found = 0;
        let body = [2, 0, 0, 0, 8, 0, 1, 0, 255, 255, 255, 255];
        let asked = all.host().rtnl(82, 0, &body, |answer| {
            found += usize::from(answer.is_some());
            Ok(())
        });
        asked.unwrap();
        assert_eq!(found, 1);
    });
}

/// The answer finds no room in the receive buffer.
#[test]
fn a_full_receive_buffer_is_an_error_of_that_request() {
    lab(|_| {
        let mut socket = Socket::open(netlink_sys::protocols::NETLINK_ROUTE).unwrap();
        socket.set_receive_buffer(1).unwrap();
        // The kernel's least buffer holds no ack of a few hundred requests sent at once.
        let request = message(GET_LINK, 5, 0, &[&[0; 4][..], &1u32.to_ne_bytes(), &[0; 8]].concat());
        let mut requests = vec![request; 300];
        let full = socket.batch(&mut requests, |_| true, &mut |_, _| Ok(())).unwrap_err();
        assert_eq!(full.raw(), Some(Errno::ENOBUFS));
        socket.set_receive_buffer(1 << 20).unwrap();
        let mut links = 0;
        let asked = socket.raw(GET_LINK, NLM_F_DUMP, &BODY, &mut |answer| {
            links += usize::from(answer.is_some());
            Ok(())
        });
        asked.unwrap();
        assert!(links >= 1);
    });
}

#[test]
fn malformed_attributes_end_the_walk() {
    assert_eq!(attributes_of(&[3, 0, 1, 0]).count(), 0);
    assert_eq!(attributes_of(&[200, 0, 1, 0, 5]).count(), 0);
    assert_eq!(attributes_of(&[5, 0, 1, 0, 7]).collect::<Vec<_>>(), [(1, &[7u8][..])]);
}
