//! Joins the shares of a data key that was split over several key groups (Shamir's scheme over GF(2^8)).

/// Joins shares: each is the values of one polynomial per byte, then the place at which they were taken.
/// `None` when there are fewer than two, or they do not belong together.
pub(crate) fn combine(shares: &[Vec<u8>]) -> Option<Vec<u8>> {
    let length = shares.first()?.len();
    if shares.len() < 2 || length < 2 || shares.iter().any(|share| share.len() != length) {
        return None;
    }
    let places: Vec<u8> = shares
        .iter()
        .filter_map(|share| share.last().copied())
        .collect();
    let distinct = places
        .iter()
        .enumerate()
        .all(|(i, x)| *x != 0 && !places[..i].contains(x));
    if !distinct {
        return None;
    }
    // Lagrange's weights at zero: the product of x_j / (x_j - x_i); subtraction is exclusive or.
    let weight = |i: usize| {
        places
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != i)
            .fold(1, |product, (_, x)| {
                multiply(product, multiply(*x, invert(*x ^ places[i])))
            })
    };
    let weights: Vec<u8> = (0..places.len()).map(weight).collect();
    let byte = |at: usize| {
        shares
            .iter()
            .zip(&weights)
            .fold(0, |sum, (share, w)| sum ^ multiply(share[at], *w))
    };
    Some((0..length - 1).map(byte).collect())
}

/// Multiplication modulo x^8 + x^4 + x^3 + x + 1.
fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        let carry = a & 0x80 != 0;
        a <<= 1;
        if carry {
            a ^= 0x1b;
        }
        b >>= 1;
    }
    product
}

/// The inverse is the 254th power.
fn invert(a: u8) -> u8 {
    let (mut result, mut power) = (1, a);
    for bit in 1..8 {
        power = multiply(power, power);
        if 254u8 >> bit & 1 == 1 {
            result = multiply(result, power);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverts() {
        for a in 1..=255 {
            assert_eq!(multiply(a, invert(a)), 1, "{a}");
        }
    }

    #[test]
    fn joins_shares_of_a_line() {
        // secret 42, slope 7: f(x) = 42 + 7x
        let share = |x: u8| vec![42 ^ multiply(7, x), x];
        assert_eq!(combine(&[share(3), share(9)]), Some(vec![42]));
        assert_eq!(combine(&[share(3), share(3)]), None);
        assert_eq!(combine(&[share(3)]), None);
    }
}
