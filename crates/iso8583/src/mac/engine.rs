//! The computations behind the algorithms.

use aes::{Aes128, Aes192, Aes256};
use cmac::{
    Cmac, KeyInit, Mac,
    digest::{OutputSizeUser, consts::U16},
};
use des::Des;
use retail_mac::RetailMac;
use zeroize::Zeroizing;

use super::{MacAlgorithm, MacKeyError, MacPadding};

/// A block of zeros: what check values are made of.
const AES_ZEROS: &[u8] = &[0; 16];
const DES_ZEROS: &[u8] = &[0; 8];
/// Bytes of one DES key.
const DES_KEY: usize = 8;

/// A computation with its key. The ciphers wipe their round keys when dropped. Boxed, so that moving it leaves no
/// copy of them behind.
pub(super) enum Engine {
    Aes128(Box<Cmac<Aes128>>),
    Aes192(Box<Cmac<Aes192>>),
    Aes256(Box<Cmac<Aes256>>),
    X919(Box<RetailMac<Des>>, MacPadding),
}

impl Engine {
    pub(super) fn new(algorithm: MacAlgorithm, key: &[u8]) -> Result<Self, MacKeyError> {
        let wrong_length = MacKeyError::WrongLength { algorithm, found: key.len() };
        let made = match (algorithm, key.len()) {
            (MacAlgorithm::AesCmac, 16) => Cmac::new_from_slice(key).map(|mac| Self::Aes128(Box::new(mac))),
            (MacAlgorithm::AesCmac, 24) => Cmac::new_from_slice(key).map(|mac| Self::Aes192(Box::new(mac))),
            (MacAlgorithm::AesCmac, 32) => Cmac::new_from_slice(key).map(|mac| Self::Aes256(Box::new(mac))),
            (MacAlgorithm::RetailX919(padding), 16) => {
                check_des_keys(key)?;
                RetailMac::new_from_slice(key).map(|mac| Self::X919(Box::new(mac), padding))
            }
            _ => return Err(wrong_length),
        };
        made.map_err(|_| wrong_length)
    }

    /// The first eight bytes of the MAC over the covered bytes.
    pub(super) fn mac(&self, covered: &[u8]) -> [u8; 8] {
        match self {
            Self::Aes128(keyed) => aes_cmac(&**keyed, covered),
            Self::Aes192(keyed) => aes_cmac(&**keyed, covered),
            Self::Aes256(keyed) => aes_cmac(&**keyed, covered),
            Self::X919(keyed, padding) => x919(keyed, *padding, covered),
        }
    }

    /// The MAC over one block of zeros without padding; its first three bytes are the key check value. For X9.19
    /// that is the triple DES encryption of the block.
    pub(super) fn mac_of_zeros(&self) -> [u8; 8] {
        match self {
            Self::X919(keyed, _) => x919(keyed, MacPadding::Zeros, DES_ZEROS),
            aes => aes.mac(AES_ZEROS),
        }
    }
}

fn aes_cmac<M>(keyed: &M, covered: &[u8]) -> [u8; 8]
where
    M: Mac + Clone + OutputSizeUser<OutputSize = U16>,
{
    let mac: [u8; 16] = keyed.clone().chain_update(covered).finalize().into_bytes().into();
    let [a, b, c, d, e, f, g, h, ..] = mac;
    [a, b, c, d, e, f, g, h]
}

fn x919(keyed: &RetailMac<Des>, padding: MacPadding, covered: &[u8]) -> [u8; 8] {
    let mut mac = keyed.clone();
    mac.update(covered);
    match padding {
        // Nothing at all is padded to one block; the library fills up only a block that was begun.
        MacPadding::Zeros if covered.is_empty() => mac.update(DES_ZEROS),
        MacPadding::Zeros => {}
        MacPadding::OneThenZeros => mac.update(&[0x80]),
    }
    mac.finalize().into_bytes().into()
}

/// Refuses keys with which the retail MAC is no more than one DES, or less. `key` has 16 bytes.
fn check_des_keys(key: &[u8]) -> Result<(), MacKeyError> {
    // The list of weak keys is written in odd parity, and DES does not look at the parity.
    let mut odd = Zeroizing::new([0; 2 * DES_KEY]);
    for (to, from) in odd.iter_mut().zip(key) {
        *to = with_odd_parity(*from);
    }
    let (left, right) = odd.split_at(DES_KEY);
    if left == right {
        return Err(MacKeyError::EqualHalves);
    }
    des::weak_key_test(&*odd).map_err(|_| MacKeyError::Weak)
}

const fn with_odd_parity(byte: u8) -> u8 {
    let key_bits = byte & 0xfe;
    if key_bits.count_ones().is_multiple_of(2) { key_bits | 1 } else { key_bits }
}

#[cfg(test)]
mod tests {
    use cmac::block_api::CmacCore;
    use retail_mac::block_api::RetailMacCore;
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn every_computation_wipes_its_key() {
        const fn is_wiped<T: ZeroizeOnDrop>() {}
        is_wiped::<CmacCore<Aes128>>();
        is_wiped::<CmacCore<Aes192>>();
        is_wiped::<CmacCore<Aes256>>();
        is_wiped::<RetailMacCore<Des>>();
    }

    #[test]
    fn parity_is_odd_and_the_key_bits_stay() {
        for byte in 0..=u8::MAX {
            let odd = with_odd_parity(byte);
            assert_eq!((odd & 0xfe, odd.count_ones() % 2), (byte & 0xfe, 1), "{byte:02x}");
        }
    }
}
