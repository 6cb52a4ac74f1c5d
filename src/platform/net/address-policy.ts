import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Addresses that a cloud gives to its own services although they lie in no reserved range. Azure's answers every virtual machine
 * with its settings; the metadata addresses of the other clouds are link-local, shared or unique local.
 */
const cloudAddresses: ReadonlySet<string> = new Set(['168.63.129.16']);

/** The only part of IPv6 from which addresses are given to the public. All others are special or not assigned. */
const globalUnicast = ipaddr.IPv6.parse('2000::');
const globalUnicastBits = 3;

/** The third group from the end of an ISATAP address, whose last two groups are a v4 address. */
const isatapGroup = 0x5efe;

/**
 * Whether an address is one of the public internet. An address of any special range is not, and neither is one that embeds a v4
 * address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP): where a gateway sends it cannot be known here. Text that is no
 * address in its usual notation is not public either.
 */
export function isPublicAddress(ip: string): boolean {
  switch (isIP(ip)) {
    case 4:
      return ipaddr.IPv4.parse(ip).range() === 'unicast' && !cloudAddresses.has(ip);
    case 6:
      return !ip.includes('%') && isPublicV6(ipaddr.IPv6.parse(ip));
    default:
      return false;
  }
}

/** The library calls everything `unicast` that is in none of its ranges, so the range of the public addresses is asked, too. */
function isPublicV6(address: ipaddr.IPv6): boolean {
  const isIsatap = address.parts[5] === isatapGroup && ((address.parts[4] ?? 0) & 0xfdff) === 0;
  return address.range() === 'unicast' && address.match(globalUnicast, globalUnicastBits) && !isIsatap;
}
