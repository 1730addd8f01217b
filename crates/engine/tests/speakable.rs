//! What a voice is given to say.

use engine::local::speakable::{cardinal, ordinal, speakable};

fn says(cases: &[(&str, &str)]) {
    for (written, said) in cases {
        assert_eq!(speakable(written, "en-US"), *said, "{written:?}");
        assert_eq!(speakable(said, "en-US"), *said, "what is speakable stays as it is");
    }
}

#[test]
fn numbers_are_words() {
    says(&[
        ("I have 3.", "I have three."),
        ("21 people", "twenty-one people"),
        ("1,234 of 2,000,000", "one thousand two hundred thirty-four of two million"),
        ("3.14", "three point one four"),
        ("It is -5 outside", "It is minus five outside"),
        ("the 1st, 2nd, 3rd and 24th", "the first, second, third and twenty-fourth"),
        ("50% off", "fifty percent off"),
        ("code 007", "code zero zero seven"),
        ("order 48213", "order four eight two one three"),
        ("room 1204", "room twelve oh four"),
        ("gate B12 and a 3D print", "gate B twelve and a three D print"),
        ("2-3 days", "two to three days"),
        ("version 1.2.3", "version one point two point three"),
        ("21 °C", "twenty-one degrees Celsius"),
        ("1 km, 5 km, 30 min", "one kilometer, five kilometers, thirty minutes"),
        (
            "500 g, 2 h 30 min, 1.5 L, 2L of milk",
            "five hundred grams, two hours thirty minutes, one point five liters, two liters of milk",
        ),
        (
            "1 g/day, within 48 h. 1.8 m tall, 1.8 m.",
            "one gram per day, within forty-eight hours. one point eight meters tall, one point eight meters.",
        ),
        (
            "Seat 12h, 5g, 2 L shirts, in 10 m, at 10 h",
            "Seat twelve h, five g, two L shirts, in ten m, at ten h",
        ),
        ("the 1990s", "the nineteen nineties"),
        ("in 2005 and 2026", "in two thousand five and twenty twenty-six"),
        (
            "99999999999999999999999",
            "nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine",
        ),
    ]);
    assert_eq!(cardinal(u64::MAX).split(' ').next(), Some("eighteen"));
    assert_eq!(ordinal(112), "one hundred twelfth");
    assert_eq!(ordinal(30), "thirtieth");
}

#[test]
fn times_are_said_as_people_say_them() {
    says(&[
        ("at 10:30 a.m.", "at ten thirty a.m."),
        ("at 10am or 2 PM.", "at ten a.m. or two p.m."),
        ("9:05", "nine oh five"),
        ("9:00", "nine o'clock"),
        ("14:30", "two thirty p.m."),
        ("00:15 and 12:00 and 00:00", "twelve fifteen a.m. and noon and midnight"),
        ("10:00-11:30", "ten o'clock to eleven thirty"),
        ("9-5", "nine to five"),
        ("I am here at 10 amazing hours", "I am here at ten amazing hours"),
        (
            "at 10.30 or 11.15, until 18.45 today",
            "at ten thirty or eleven fifteen, until six forty-five p.m. today",
        ),
        ("5.30pm", "five thirty p.m."),
        ("It costs 10.30, at 10.30%", "It costs ten point three zero, at ten point three zero percent"),
    ]);
}

#[test]
fn dates_are_said_as_people_say_them() {
    says(&[
        ("on 2026-11-27.", "on November twenty-seventh, twenty twenty-six."),
        ("11/27/2026", "November twenty-seventh, twenty twenty-six"),
        ("27/11/2026", "November twenty-seventh, twenty twenty-six"),
        ("3/4/26", "March fourth, twenty twenty-six"),
        ("Friday, November 27 at 10", "Friday, November twenty-seventh at ten"),
        ("Fri, Nov. 27th, 2026", "Friday, November twenty-seventh, twenty twenty-six"),
        ("27 November", "November twenty-seventh"),
        ("the 27th of November 2026", "the November twenty-seventh, twenty twenty-six"),
        ("May 5 people come?", "May fifth people come?"),
        ("2026-13-45", "twenty twenty-six to thirteen to forty-five"),
        ("On 11/24 at 10:00, 12/1.", "On November twenty-fourth at ten o'clock, December first."),
        ("11/24-11/26", "November twenty-fourth to November twenty-sixth"),
        ("Tue 3/4", "Tuesday March fourth"),
        (
            "4/5 stars, page 2/3, 2/30, 24/7",
            "four slash five stars, page two slash three, two slash thirty, twenty-four seven",
        ),
        (
            "24.11.2026, 03-04-2026",
            "November twenty-fourth, twenty twenty-six, March fourth, twenty twenty-six",
        ),
    ]);
    assert_eq!(speakable("3/4/2026", "en-GB"), "April third, twenty twenty-six");
    assert_eq!(speakable("on 3/11", "en-GB"), "on November third");
}

#[test]
fn a_date_and_its_time_are_said_together() {
    says(&[
        ("2026-11-27T10:00.", "November twenty-seventh, twenty twenty-six at ten o'clock."),
        (
            "2026-11-27T10:00:00+01:00 it is",
            "November twenty-seventh, twenty twenty-six at ten o'clock it is",
        ),
        ("2026-11-27T15:30:00.5Z", "November twenty-seventh, twenty twenty-six at three thirty p.m. UTC"),
        ("2026-11-27 10:00:00-05:00", "November twenty-seventh, twenty twenty-six at ten o'clock"),
        (
            "2026-11-27 10:00-11:30",
            "November twenty-seventh, twenty twenty-six at ten o'clock to eleven thirty",
        ),
        ("2026-11-27 10:00 am", "November twenty-seventh, twenty twenty-six ten a.m."),
    ]);
}

#[test]
fn fractions_are_words() {
    says(&[
        ("1/2 cup, 3/4 of it", "one half cup, three quarters of it"),
        ("2 1/2 cups, 2½ hours", "two and a half cups, two and a half hours"),
        ("2½ km, $1 1/2, ½ of it", "two and a half kilometers, one and a half dollars, a half of it"),
        ("2/3 of them", "two thirds of them"),
        ("1/2/3/4", "one slash two slash three slash four"),
        ("on 1/2 at ten", "on January second at ten"),
    ]);
}

#[test]
fn a_stroke_before_what_is_counted_is_per() {
    says(&[
        ("$50/hour", "fifty dollars per hour"),
        ("It is $99/month.", "It is ninety-nine dollars per month."),
        (
            "$50 / hr, 3/day and 2 visits/week",
            "fifty dollars per hour, three per day and two visits per week",
        ),
        (
            "$5/lb, €10/class, 30 min/session",
            "five dollars per pound, ten euros per class, thirty minutes per session",
        ),
        ("60 km/h", "sixty kilometers per hour"),
        ("day/night, Monday/Tuesday, he/she", "day or night, Monday or Tuesday, he or she"),
        ("Suite 5/B", "Suite five or B"),
    ]);
}

#[test]
fn a_bar_between_days_is_to() {
    says(&[
        ("Monday–Friday, 9–5", "Monday to Friday, nine to five"),
        ("Mon-Fri, mondays–fridays", "Monday to Friday, mondays to fridays"),
        ("Monday - Thurs. and Sat, Sun", "Monday to Thursday and Sat, Sun"),
        ("Mon-Wed-Fri", "Monday, Wednesday, Friday"),
        ("May–July", "May to July"),
        ("Nov 24 – Nov 26", "November twenty-fourth to November twenty-sixth"),
        ("9am–noon, noon-5", "nine a.m. to noon, noon to five"),
        ("A–Z on the Berlin–Hamburg train", "A to Z on the Berlin to Hamburg train"),
        ("Done–I have booked it. Great–Ada is in.", "Done, I have booked it. Great, Ada is in."),
        ("a well-known Monday-morning thing", "a well-known Monday-morning thing"),
    ]);
}

#[test]
fn telephone_numbers_are_said_digit_by_digit() {
    says(&[
        ("Call +1 (555) 010-0199.", "Call plus one, five five five, zero one zero, zero one nine nine."),
        ("+15550100199", "plus one, five five five, zero one zero, zero one nine nine"),
        ("+49301234567", "plus four nine three, zero one two, three four five, six seven"),
        ("555-0199", "five five five, zero one nine nine"),
        ("555.010.0199", "five five five, zero one zero, zero one nine nine"),
        ("(555) 010 0199", "five five five, zero one zero, zero one nine nine"),
        ("12 13", "twelve thirteen"),
        ("Call 020 7946 0958.", "Call zero two zero, seven nine four six, zero nine five eight."),
        ("555 010 0199", "five five five, zero one zero, zero one nine nine"),
        ("0171 1234567", "zero one seven one, one two three four five six seven"),
        ("030/1234567", "zero three zero, one two three four five six seven"),
        ("2024 2025 2026", "twenty twenty-four twenty twenty-five twenty twenty-six"),
        ("09.30-10.30", "zero nine point three zero to ten point three zero"),
    ]);
}

#[test]
fn money_is_said_with_its_name() {
    says(&[
        ("$12.50", "twelve dollars and fifty cents"),
        ("$1", "one dollar"),
        ("$0.99!", "ninety-nine cents!"),
        ("€1,234", "one thousand two hundred thirty-four euros"),
        ("£3.01", "three pounds and one penny"),
        ("12 €", "twelve euros"),
        ("USD 20", "twenty dollars"),
        ("$5 million", "five million dollars"),
        ("$1.5M", "one point five million dollars"),
        ("$125000", "one hundred twenty-five thousand dollars"),
        ("¥500", "five hundred yen"),
        ("$10-$20", "ten dollars to twenty dollars"),
    ]);
}

#[test]
fn addresses_are_said_as_they_are_spelled() {
    says(&[
        ("Write to ada.b@example.org.", "Write to ada dot b at example dot org."),
        ("See https://www.example.com/help-me?x=1#y", "See example dot com slash help dash me"),
        ("example.com, please", "example dot com, please"),
        ("[our page](https://example.com/a)", "our page"),
        ("<https://example.com>", "example dot com"),
        ("see room42.example.io", "see room four two dot example dot io"),
        ("It ends.Then it begins", "It ends.Then it begins"),
        ("Write to john_doe@example.com.", "Write to john underscore doe at example dot com."),
        ("**a_b_c@example.org**", "a underscore b underscore c at example dot org"),
        ("_ada_b@example.org_ it is", "ada underscore b at example dot org it is"),
        ("example.com/my_page/a", "example dot com slash my underscore page slash a"),
        ("www.example.com/~ada", "example dot com slash tilde ada"),
        ("<https://example.com/a_b>", "example dot com slash a underscore b"),
        ("[my_page](https://example.com/my_page)", "my page"),
        ("my_file.txt, _this_ and ~~that~~", "my file.txt, this and that"),
        ("https://example.com/a/very/long/path/that/nobody/will/ever/write/down", "example dot com"),
    ]);
}

#[test]
fn no_markdown_is_spoken() {
    says(&[
        ("# Hours\n\nWe are **open** *today*.", "Hours. We are open today."),
        ("- Monday\n- Tuesday\n* Wednesday", "Monday. Tuesday. Wednesday"),
        ("1. First\n2. Second", "one. First. two. Second"),
        ("`code` and ~~gone~~ and __strong__", "code and gone and strong"),
        ("```rust\nfn main() {}\n```\nThat is it.", "That is it."),
        ("> quoted\n\n---\n\nplain", "quoted. plain"),
        ("| a | b |\n|---|---|\n| c | d |", "a, b. c, d"),
        ("a snake_case word", "a snake case word"),
        ("line one\nline two", "line one. line two"),
        ("<p>Hello <b>there</b></p>", "Hello there"),
        ("![a picture](https://x.io/y.png) here", "a picture here"),
        ("escaped \\*stars\\*", "escaped stars"),
    ]);
}

#[test]
fn thoughts_are_never_spoken() {
    says(&[
        ("<think>They want Tuesday.</think>Tuesday it is.", "Tuesday it is."),
        ("They want Tuesday.</think>\n\nTuesday it is.", "Tuesday it is."),
        ("Sure. <think>never closed", "Sure."),
        ("<THINKING>a</THINKING><reasoning>b</reasoning>c", "c"),
        ("<think>a<think>b</think>c</think>d", "d"),
        ("<think>all of it</think>", ""),
    ]);
}

#[test]
fn emoji_and_the_unseen_are_not_spoken() {
    says(&[
        ("Great! 😀👍🏽", "Great!"),
        ("Booked ✅ for you ❤️", "Booked for you"),
        ("zero\u{200b}width\u{feff}", "zero width"),
        ("👨‍👩‍👧", ""),
        ("…", ""),
        ("***", ""),
    ]);
}

#[test]
fn marks_are_words() {
    says(&[
        ("Smith & Sons", "Smith and Sons"),
        ("and/or", "and or or"),
        ("e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."),
        ("open 24/7", "open twenty-four seven"),
        ("“quoted” — and so on…", "quoted, and so on."),
        ("No. 5 lives", "number five lives"),
        ("No. That is wrong.", "No. That is wrong."),
        ("Apt. 5 on Mt. Hood", "Apartment five on Mount Hood"),
        ("Tues. 24", "Tuesday twenty-four"),
        ("It's the caller's", "It's the caller's"),
        ("Hello , there .", "Hello, there."),
    ]);
}

#[test]
fn other_languages_keep_their_digits() {
    assert_eq!(speakable("**Um 10:30 Uhr** 😀", "de-DE"), "Um 10:30 Uhr");
    assert_eq!(speakable("<think>hm</think>À 10 h", "fr"), "À 10 h");
    assert_eq!(speakable("An _ada_b@example.org_", "de"), "An ada_b@example.org");
}

#[test]
fn other_languages_say_codes_digit_by_digit() {
    for (language, written, said) in [
        ("de-DE", "Unter +49301234567.", "Unter plus 4 9 3, 0 1 2, 3 4 5, 6 7."),
        ("de", "030/1234567 oder 0171 1234567", "0 3 0, 1 2 3 4 5 6 7 oder 0 1 7 1, 1 2 3 4 5 6 7"),
        ("fr", "06 12 34 56 78, +33 6 12 34 56 78", "0 6, 12, 34, 56, 78, plus 33, 6, 12, 34, 56, 78"),
        ("es-ES", "El +34 612 345 678", "El más 3 4, 6 1 2, 3 4 5, 6 7 8"),
        ("ja", "+81 3 1234 5678, 2026-11-24", "+ 8 1, 3, 1 2 3 4, 5 6 7 8, 2026-11-24"),
        ("de", "Nummer 1234567, Raum 1204, 2026", "Nummer 1 2 3, 4 5 6, 7, Raum 1204, 2026"),
    ] {
        assert_eq!(speakable(written, language), said, "{written:?}");
    }
    for counted in [
        "1.250.000 Euro, 1250000 €, €1234567, 12345678 km",
        "1000000 Menschen, 1234567,89 und 3,14159265",
        "10:30-11:30, 10.30-11.30, 08:00–12:00",
        "100 250 000 Euro, Version 1.2.3",
        "example.com/1234567 und a1234567@example.de",
    ] {
        assert_eq!(speakable(counted, "de-DE"), counted);
    }
}

#[test]
fn other_languages_name_the_month() {
    for (language, written, said) in [
        ("de-DE", "Am 2026-11-24T10:00.", "Am 24. November 2026, 10:00."),
        ("de", "24.11.2026 um 10:00 Uhr, 01.12.26", "24. November 2026 um 10:00 Uhr, 1. Dezember 2026"),
        ("de", "Bis zum 01.12. und am 24.11.", "Bis zum 1. Dezember und am 24. November."),
        ("de", "Kapitel 3.2. gilt", "Kapitel 3.2. gilt"),
        ("fr", "le 01/12/2026", "le 1er décembre 2026"),
        ("es", "el 24/11/2026", "el 24 de noviembre de 2026"),
        ("pt-BR", "em 2026-03-05", "em 5 de março de 2026"),
        ("nl", "op 24-11-2026", "op 24 november 2026"),
        ("pl", "2026-11-24 10:00", "24 listopada 2026, 10:00"),
        ("nb-NO", "2026-12-24T10:00:00+01:00", "24. desember 2026, 10:00"),
        ("it", "2026-11-24T10:00Z", "24 novembre 2026, 10:00 UTC"),
        ("it", "2026-13-24", "2026-13-24"),
    ] {
        assert_eq!(speakable(written, language), said, "{written:?}");
    }
}

/// Random texts made of what is hard to say.
#[test]
fn whatever_comes_can_be_said() {
    const PARTS: [&str; 72] = [
        "10:30",
        " ",
        "a.m.",
        "$",
        "12",
        ".",
        ",",
        "50",
        "-",
        "–",
        "+1",
        "555",
        "(",
        ")",
        "0199",
        "Nov",
        " 27",
        "th",
        "2026",
        "/",
        "11",
        "%",
        "°C",
        "€",
        "example.com",
        "@",
        "ada",
        "https://",
        "?",
        "!",
        "#",
        "**",
        "_",
        "`",
        "\n",
        "- ",
        "> ",
        "|",
        "---",
        "<think>",
        "</think>",
        "<b>",
        ">",
        "<",
        "[",
        "](",
        "😀",
        "\u{200d}",
        "ß",
        "…",
        "—",
        "“",
        "Mon",
        "No. ",
        "e.g.",
        "k",
        "million",
        "km",
        "5",
        "\\",
        "٣",
        "²",
        "'s",
        "\u{0}",
        "½",
        "1/2",
        "T10:00",
        "Z",
        "~",
        "2026-11-27",
        "/hour",
        "Monday",
    ];
    let mut random = fastrand::Rng::with_seed(20_261_121);
    for round in 0..10_000 {
        let text: String = (0..random.usize(1..12)).map(|_| PARTS[random.usize(..PARTS.len())]).collect();
        for language in ["en-US", "en-GB", "de-DE"] {
            let said = speakable(&text, language);
            assert!(!said.contains(['\n', '\u{0}', '*', '`', '😀']), "{round}: {text:?} is {said:?}");
            assert!(!said.contains("  ") && said.trim() == said, "{text:?} is {said:?}");
            if language != "de-DE" {
                let unsaid = |c: char| c.is_ascii_digit() || "<>|#_~\\@%$€+=°²½/[]".contains(c);
                assert!(!said.contains(unsaid), "{text:?} is {said:?}");
            }
        }
    }
}

#[test]
fn a_text_without_end_is_cut_and_takes_no_time_to_speak_of() {
    for text in [
        "<think>".repeat(50_000),
        "[".repeat(100_000),
        "1".repeat(100_000),
        "1-".repeat(50_000),
        "<".repeat(100_000),
        "ß".repeat(100_000),
        format!("at {}", "9.30-".repeat(50_000)),
        "Mon-".repeat(50_000),
        "a_".repeat(50_000),
        "012 ".repeat(50_000),
    ] {
        for language in ["en-US", "de-DE"] {
            let said = speakable(&text, language);
            assert!(said.len() <= 64 * 1024, "{}", said.len());
        }
    }
}
