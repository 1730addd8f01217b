//! What fits into a text: the alphabet of telephones, and how many segments a text is paid for.
//!
//! Source: 3GPP TS 23.038 (the alphabet), TS 23.040 (concatenation takes seven letters, or three of the wide ones, of
//! every segment).

/// How a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 160 letters, or 153 a segment.
    Gsm7,
    /// 70 letters, or 67 a segment.
    Ucs2,
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    pub encoding: Encoding,
    pub count: usize,
}

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// These take two places.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// How a text travels, and in how many segments.
pub fn segments(text: &str) -> Segments {
    let septets: Option<Vec<usize>> = text.chars().map(width).collect();
    if let Some(widths) = septets {
        return Segments { encoding: Encoding::Gsm7, count: count(&widths, 160, 153) };
    }
    let widths: Vec<usize> = text.chars().map(char::len_utf16).collect();
    Segments { encoding: Encoding::Ucs2, count: count(&widths, 70, 67) }
}

/// The text with those letters replaced that telephones have no short form of, where there is a near one: quotes,
/// dashes, accents. Others stay, and make the text a wide one.
pub fn plainer(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if width(letter).is_some() {
            plain.push(letter);
        } else if let Some(near) = near(letter) {
            plain.push_str(near);
        } else {
            plain.push(letter);
        }
    }
    plain
}

fn width(letter: char) -> Option<usize> {
    if BASIC.contains(letter) { Some(1) } else { EXTENDED.contains(letter).then_some(2) }
}

/// No letter is ever parted by the end of a segment.
fn count(widths: &[usize], single: usize, part: usize) -> usize {
    if widths.iter().sum::<usize>() <= single {
        return 1;
    }
    let (mut segments, mut used) = (1, 0);
    for width in widths {
        if used + width > part {
            segments += 1;
            used = 0;
        }
        used += width;
    }
    segments
}

fn near(letter: char) -> Option<&'static str> {
    Some(match letter {
        '‘' | '’' | '‚' | '‛' | '′' | '`' | '´' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => "-",
        '…' => "...",
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\t' => " ",
        '•' | '·' => "*",
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' => "a",
        'Á' | 'À' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'ç' | 'ć' | 'č' | 'ĉ' => "c",
        'Ć' | 'Č' | 'Ĉ' => "C",
        'ď' | 'đ' | 'ð' => "d",
        'Ď' | 'Đ' | 'Ð' => "D",
        'ê' | 'ë' | 'ē' | 'ę' | 'ě' | 'ė' => "e",
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ę' | 'Ě' | 'Ė' => "E",
        'ğ' | 'ģ' => "g",
        'Ğ' | 'Ģ' => "G",
        'í' | 'î' | 'ï' | 'ī' | 'ı' | 'į' => "i",
        'Í' | 'Ì' | 'Î' | 'Ï' | 'Ī' | 'İ' | 'Į' => "I",
        'ł' | 'ľ' | 'ļ' | 'ĺ' => "l",
        'Ł' | 'Ľ' | 'Ļ' | 'Ĺ' => "L",
        'ń' | 'ň' | 'ņ' => "n",
        'Ń' | 'Ň' | 'Ņ' => "N",
        'ó' | 'ô' | 'õ' | 'ő' | 'ō' => "o",
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ő' | 'Ō' => "O",
        'œ' => "oe",
        'Œ' => "OE",
        'ř' | 'ŕ' => "r",
        'Ř' | 'Ŕ' => "R",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'Ś' | 'Š' | 'Ş' | 'Ș' => "S",
        'ť' | 'ţ' | 'ț' => "t",
        'Ť' | 'Ţ' | 'Ț' => "T",
        'ú' | 'û' | 'ů' | 'ű' | 'ū' | 'ų' => "u",
        'Ú' | 'Ù' | 'Û' | 'Ů' | 'Ű' | 'Ū' | 'Ų' => "U",
        'ý' | 'ÿ' => "y",
        'Ý' | 'Ÿ' => "Y",
        'ź' | 'ż' | 'ž' => "z",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'þ' => "th",
        'Þ' => "Th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_as_the_network_counts_it() {
        let gsm = |count| Segments { encoding: Encoding::Gsm7, count };
        let wide = |count| Segments { encoding: Encoding::Ucs2, count };
        assert_eq!(segments(""), gsm(1));
        assert_eq!(segments(&"a".repeat(160)), gsm(1));
        assert_eq!(segments(&"a".repeat(161)), gsm(2));
        assert_eq!(segments(&"a".repeat(306)), gsm(2));
        assert_eq!(segments(&"a".repeat(307)), gsm(3));
        assert_eq!(segments(&"€".repeat(80)), gsm(1));
        // 76 of them leave one place in a segment that the next does not fit into.
        assert_eq!(segments(&"€".repeat(152)), gsm(2));
        assert_eq!(segments(&"€".repeat(153)), gsm(3));
        assert_eq!(segments(&"ж".repeat(70)), wide(1));
        assert_eq!(segments(&"ж".repeat(134)), wide(2));
        assert_eq!(segments(&"ж".repeat(135)), wide(3));
        assert_eq!(segments(&"😀".repeat(36)), wide(2));
    }

    #[test]
    fn what_has_a_near_letter_is_sent_cheaply() {
        assert_eq!(plainer("“Zoë” – João’s café…"), "\"Zoe\" - Joao's café...");
        assert_eq!(segments(&plainer("Łódź")).encoding, Encoding::Gsm7);
        assert_eq!(plainer("Привет"), "Привет");
    }
}
