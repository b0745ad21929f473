//! Kubernetes' libraries of IP addresses and CIDR ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cel::common::types::STRING_TYPE;
use cel::{DeclarationError, Env, ExecutionError};

use crate::opaque::{
    Answer, Args, OpaqueType, number, opaque, opaque_type, string, text, wrapped, yes_or_no,
};

/// A range of addresses: an address and a prefix length in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cidr {
    address: IpAddr,
    bits: u32,
}

opaque_type!(IpAddr, "net.IP");
opaque_type!(Cidr, "net.CIDR");

pub(crate) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let ip = IpAddr::new_type;
    env.add_overload("ip", "string_to_ip", vec![STRING_TYPE], parse_ip)?;
    env.add_overload("isIP", "is_ip", vec![STRING_TYPE], is_ip)?;
    env.add_overload(
        "ip.isCanonical",
        "ip_is_canonical",
        vec![STRING_TYPE],
        is_canonical,
    )?;
    env.add_overload("string", "ip_to_string", vec![ip()], ip_text)?;
    env.add_member_overload("family", "ip_family", ip(), vec![], family)?;
    env.add_member_overload(
        "isUnspecified",
        "ip_is_unspecified",
        ip(),
        vec![],
        unspecified,
    )?;
    env.add_member_overload("isLoopback", "ip_is_loopback", ip(), vec![], loopback)?;
    env.add_member_overload(
        "isLinkLocalMulticast",
        "ip_link_multi",
        ip(),
        vec![],
        link_multicast,
    )?;
    env.add_member_overload(
        "isLinkLocalUnicast",
        "ip_link_uni",
        ip(),
        vec![],
        link_unicast,
    )?;
    env.add_member_overload(
        "isGlobalUnicast",
        "ip_global_uni",
        ip(),
        vec![],
        global_unicast,
    )?;
    declare_ranges(env)
}

fn declare_ranges(env: &mut Env) -> Result<(), DeclarationError> {
    let ip = IpAddr::new_type;
    let cidr = Cidr::new_type;
    env.add_overload("cidr", "string_to_cidr", vec![STRING_TYPE], parse_cidr)?;
    env.add_overload("isCIDR", "is_cidr", vec![STRING_TYPE], is_cidr)?;
    env.add_overload("string", "cidr_to_string", vec![cidr()], cidr_text)?;
    let texts = || vec![STRING_TYPE];
    env.add_member_overload(
        "containsIP",
        "cidr_ip_string",
        cidr(),
        texts(),
        contains_ip_text,
    )?;
    env.add_member_overload("containsIP", "cidr_ip", cidr(), vec![ip()], contains_ip)?;
    env.add_member_overload(
        "containsCIDR",
        "cidr_cidr_string",
        cidr(),
        texts(),
        contains_text,
    )?;
    env.add_member_overload(
        "containsCIDR",
        "cidr_cidr",
        cidr(),
        vec![cidr()],
        contains_cidr,
    )?;
    env.add_member_overload("ip", "cidr_ip_of", cidr(), vec![], cidr_address)?;
    env.add_member_overload("masked", "cidr_masked", cidr(), vec![], masked)?;
    env.add_member_overload(
        "prefixLength",
        "cidr_prefix_length",
        cidr(),
        vec![],
        prefix_length,
    )
}

/// Zones and IPv4 in IPv6 are no addresses to Kubernetes.
fn read_ip(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => None,
        other => Some(other),
    }
}

fn read_cidr(text: &str) -> Option<Cidr> {
    let (address, bits) = text.split_once('/')?;
    let address = read_ip(address)?;
    let plain = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = bits.len() > 1 && bits.starts_with('0');
    let bits: u32 = bits.parse().ok().filter(|_| plain && !leading_zero)?;
    (bits <= width(address)).then_some(Cidr { address, bits })
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl Cidr {
    fn masked(self) -> Self {
        let address = match self.address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or_default();
                IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or_default();
                IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
            }
        };
        Self {
            address,
            bits: self.bits,
        }
    }

    fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && Self {
                address,
                bits: self.bits,
            }
            .masked()
                == self.masked()
    }

    fn contains_range(self, other: Self) -> bool {
        self.bits <= other.bits && self.contains(other.address)
    }
}

fn failed(function: &str, what: &str, given: &str) -> ExecutionError {
    ExecutionError::function_error(
        function,
        format!("{what} \"{given}\" parse error during conversion from string"),
    )
}

fn parse_ip<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let given = text(&args, 0)?;
    wrapped(read_ip(given).ok_or_else(|| failed("ip", "IP Address", given))?)
}

fn is_ip<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(read_ip(text(&args, 0)?).is_some())
}

fn is_canonical<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let given = text(&args, 0)?;
    let address = read_ip(given).ok_or_else(|| failed("ip.isCanonical", "IP Address", given))?;
    yes_or_no(address.to_string() == given)
}

fn ip_text<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    string(opaque::<IpAddr>(&args, 0)?.to_string())
}

fn family<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    number(if opaque::<IpAddr>(&args, 0)?.is_ipv4() {
        4
    } else {
        6
    })
}

fn unspecified<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(opaque::<IpAddr>(&args, 0)?.is_unspecified())
}

fn loopback<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(opaque::<IpAddr>(&args, 0)?.is_loopback())
}

fn is_link_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
    }
}

fn is_link_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn link_multicast<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(is_link_multicast(*opaque::<IpAddr>(&args, 0)?))
}

fn link_unicast<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(is_link_unicast(*opaque::<IpAddr>(&args, 0)?))
}

fn global_unicast<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let address = *opaque::<IpAddr>(&args, 0)?;
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    yes_or_no(
        !broadcast
            && !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !is_link_unicast(address),
    )
}

fn parse_cidr<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let given = text(&args, 0)?;
    wrapped(read_cidr(given).ok_or_else(|| failed("cidr", "CIDR", given))?)
}

fn is_cidr<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(read_cidr(text(&args, 0)?).is_some())
}

fn cidr_text<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let cidr = opaque::<Cidr>(&args, 0)?;
    string(format!("{}/{}", cidr.address, cidr.bits))
}

fn contains_ip_text<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let given = text(&args, 1)?;
    let address = read_ip(given).ok_or_else(|| failed("containsIP", "IP Address", given))?;
    yes_or_no(opaque::<Cidr>(&args, 0)?.contains(address))
}

fn contains_ip<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(opaque::<Cidr>(&args, 0)?.contains(*opaque::<IpAddr>(&args, 1)?))
}

fn contains_text<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let given = text(&args, 1)?;
    let other = read_cidr(given).ok_or_else(|| failed("containsCIDR", "CIDR", given))?;
    yes_or_no(opaque::<Cidr>(&args, 0)?.contains_range(other))
}

fn contains_cidr<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    yes_or_no(opaque::<Cidr>(&args, 0)?.contains_range(*opaque::<Cidr>(&args, 1)?))
}

fn cidr_address<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    wrapped(opaque::<Cidr>(&args, 0)?.address)
}

fn masked<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    wrapped(opaque::<Cidr>(&args, 0)?.masked())
}

fn prefix_length<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    number(i64::from(opaque::<Cidr>(&args, 0)?.bits))
}
