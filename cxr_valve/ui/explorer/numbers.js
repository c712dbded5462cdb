/* Numbers as words: percentages, ratios and intervals, with as many digits as they deserve. */

const DASH = "–";

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** Digits after the point of a percentage: more near 0 and 100, where they matter. */
function percentDigits(value) {
  const distance = Math.min(Math.abs(value), Math.abs(1 - value)) * 100;
  if (distance === 0) return 0;
  if (distance >= 0.995) return 1;
  if (distance >= 0.0995) return 2;
  return distance >= 0.00995 ? 3 : 4;
}

function percent(value, digits = percentDigits(value)) {
  return isNumber(value) ? `${(100 * value).toFixed(digits)}%` : DASH;
}

/** Digits of the value, and of a limit that would else be written as the 0 or 100 it is not. */
function percentRange(low, high, value) {
  const least = Math.max(1, percentDigits(value));
  const limit = (x) => {
    const inside = x > 0 && x < 1;
    const digits = [0, 1, 2, 3].find((more) => !inside || !["0", "100"].includes(String(Number((100 * x).toFixed(least + more)))));
    return (100 * x).toFixed(least + (digits ?? 3));
  };
  return `${limit(low)}–${limit(high)}`;
}

/** A ratio: three significant digits, infinity as a sign. */
function ratio(value) {
  if (value === Infinity) return "∞";
  if (!isNumber(value)) return DASH;
  if (value === 0) return "0";
  return Math.abs(value) >= 1000 ? grouped(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** A number from 0 to 1, which is written as 0 or 1 only where it is. */
function fraction(value) {
  const inside = value > 0 && value < 1;
  const digits = [3, 4, 5].find((few) => !inside || !/^[01]\.0+$/.test(value.toFixed(few)));
  return decimal(value, digits ?? 6);
}

function decimal(value, digits = 3) {
  return isNumber(value) ? value.toFixed(digits).replace("-", "−") : DASH;
}

function signed(value, digits = 3) {
  return isNumber(value) && value > 0 ? `+${decimal(value, digits)}` : decimal(value, digits);
}

function grouped(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count that may be the expectation of a model. */
function count(value) {
  if (!isNumber(value)) return DASH;
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-6 ? grouped(whole) : `≈${value.toFixed(1)}`;
}

/** A threshold as it would be typed. */
function plain(value, digits = 4) {
  return isNumber(value) ? String(Number(value.toFixed(digits))).replace("-", "−") : DASH;
}

const FORMATS = {
  percent: { value: percent, range: (e) => percentRange(e.low, e.high, e.value) },
  ratio: { value: ratio, range: (e) => `${ratio(e.low)}–${ratio(e.high)}` },
  decimal: { value: decimal, range: (e) => `${decimal(e.low)} to ${decimal(e.high)}` },
  fraction: { value: fraction, range: (e) => `${fraction(e.low)}–${fraction(e.high)}` },
  perThousand: {
    value: (value) => decimal(1000 * value, 1),
    range: (e) => `${decimal(1000 * e.low, 1)} to ${decimal(1000 * e.high, 1)}`,
  },
};

function hasInterval(e) {
  return !Number.isNaN(e.low) && !Number.isNaN(e.high) && e.low !== null && e.high !== null;
}

/** The interval of an estimate in words, or why there is none. */
function interval(e, format) {
  if (Number.isNaN(e.value)) return "";
  return hasInterval(e) ? FORMATS[format].range(e) : "no interval";
}

/** An estimate in one phrase: 71.0% (66.1–75.6). */
function phrase(e, format = "percent") {
  const shown = FORMATS[format].value(e.value);
  return hasInterval(e) && !Number.isNaN(e.value) ? `${shown} (${FORMATS[format].range(e)})` : shown;
}
