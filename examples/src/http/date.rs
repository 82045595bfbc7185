//! Dates as HTTP writes them, and the `Date` header, written once a second. Knows nothing of time zones: HTTP has only one.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// `Sun, 06 Nov 1994 08:49:37 GMT`
pub(super) type Stamp = [u8; 29];

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

thread_local! {
    // Second and stamp in one value, copied out and in: nothing is borrowed while a fiber could be suspended.
    static CACHE: Cell<(u64, Stamp)> = const { Cell::new((u64::MAX, [b' '; 29])) };
}

/// The stamp of this second.
pub(super) fn now() -> Stamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (second, stamp) = CACHE.get();
    if second == seconds {
        return stamp;
    }
    let stamp = format(seconds);
    CACHE.set((seconds, stamp));
    stamp
}

/// The stamp of a second since 1970.
pub(super) fn format(seconds: u64) -> Stamp {
    const DAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let mut stamp = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    stamp[..3].copy_from_slice(DAYS[(days % 7) as usize]);
    two_digits(&mut stamp[5..7], day);
    stamp[8..11].copy_from_slice(MONTHS[month as usize - 1]);
    two_digits(&mut stamp[12..14], year / 100);
    two_digits(&mut stamp[14..16], year % 100);
    two_digits(&mut stamp[17..19], second / 3_600);
    two_digits(&mut stamp[20..22], second / 60 % 60);
    two_digits(&mut stamp[23..25], second % 60);
    stamp
}

/// Seconds since 1970, of a date in the form that all clients of this century send.
pub(super) fn parse(text: &str) -> Option<u64> {
    // Whoever writes the same text for a number has read the right one.
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let name = text.get(8..11)?;
    let month = 1 + MONTHS.iter().position(|month| month.as_slice() == name.as_bytes())? as u64;
    let day = days(number(12, 16)?, month, number(5, 7)?)?;
    let second = number(17, 19)? * 3_600 + number(20, 22)? * 60 + number(23, 25)?;
    let seconds = day * 86_400 + second;
    (format(seconds) == text.as_bytes()).then_some(seconds)
}

/// The inverse of [`civil`].
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day.checked_sub(1)?;
    (year * 365 + year / 4 - year / 100 + year / 400 + day_of_year).checked_sub(719_468)
}

fn two_digits(place: &mut [u8], number: u64) {
    place[0] = b'0' + (number / 10 % 10) as u8;
    place[1] = b'0' + (number % 10) as u8;
}

/// Year, month and day of a day since 1970. The year is counted from March, so that the leap day is its last.
fn civil(days: u64) -> (u64, u64, u64) {
    // 719,468 days lie between 1 March of the year 0 and 1970; 146,097 days are four hundred years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_stamp(seconds: u64, text: &str) {
        assert_eq!(std::str::from_utf8(&format(seconds)).unwrap(), text);
        assert_eq!(parse(text), Some(seconds));
    }

    #[test]
    fn dates() {
        assert_stamp(0, "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_stamp(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_stamp(951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT");
        assert_stamp(1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT");
        assert_stamp(4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT");
    }

    #[test]
    fn every_day_there_and_back() {
        for day in 0..60_000 {
            let text = String::from_utf8(format(day * 86_400 + 86_399).to_vec()).unwrap();
            assert_eq!(parse(&text), Some(day * 86_400 + 86_399), "{text}");
        }
    }

    #[test]
    fn no_dates() {
        for text in [
            "",
            "yesterday",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1894 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "S\u{fc}n, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_same_within_a_second() {
        assert_eq!(now().len(), 29);
        assert!(now().ends_with(b" GMT"));
    }
}
