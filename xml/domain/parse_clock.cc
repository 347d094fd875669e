// Parses <clock> and its timers.
#include <fmt/format.h>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Timers take numbers of any size; lxvirt only keeps them.
constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();

// Reads <timer>. A container uses the host's timers, so the values are kept for the output.
Timer parse_timer(const Element& element) {
    Timer timer;
    timer.name = word_attribute(element, "name", kTimerNames);
    if (timer.name.empty())
        element.fail(ErrorCode::xml_error, "Missing required attribute 'name' in element 'timer'",
                     fmt::format("name is {}", list_of(kTimerNames)));
    timer.present = enum_attribute(element, "present", kYesNo);
    timer.tickpolicy = word_attribute(element, "tickpolicy", kTickPolicies);
    timer.track = word_attribute(element, "track", kTimerTracks);
    timer.mode = word_attribute(element, "mode", kTimerModes);
    timer.frequency = unsigned_attribute(element, "frequency", kAny);
    if (const Element catchup = element.child("catchup")) {
        timer.catchup_threshold = unsigned_attribute(catchup, "threshold", kAny);
        timer.catchup_slew = unsigned_attribute(catchup, "slew", kAny);
        timer.catchup_limit = unsigned_attribute(catchup, "limit", kAny);
    }
    return timer;
}

// Returns a number of seconds, which may be negative.
std::int64_t seconds(const Element& clock, std::string_view name, std::string_view text) {
    const auto value = to_signed(text);
    if (!value) fail_attribute(clock, name, text, "a number of seconds");
    return *value;
}

// Reads the adjustment for the offsets utc and localtime: a number of seconds turns the offset into
// 'variable', as in libvirt.
void parse_adjustment(const Element& element, Clock& out) {
    const auto adjustment = element.attribute("adjustment");
    if (!adjustment) return;
    if (*adjustment == "reset") {
        out.adjustment_reset = true;
        return;
    }
    out.adjustment = seconds(element, "adjustment", *adjustment);
    out.basis = out.offset;
    out.offset = "variable";
}

}  // namespace

// Reads <clock> by libvirt's rules for each offset (virDomainClockDefParseXML()), and adds a notice
// if the clock differs from the host's.
void parse_clock(const Element& domain, Domain& out) {
    const Element element = domain.child("clock");
    if (!element) return;
    Clock& clock = out.clock;
    if (const auto offset = element.attribute("offset")) {
        if (!has_word(kClockOffsets, *offset))
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("unknown clock offset '{}'", *offset),
                         fmt::format("offset is {}", list_of(kClockOffsets)));
        clock.offset = *offset;
    }
    if (clock.offset == "utc" || clock.offset == "localtime") {
        parse_adjustment(element, clock);
    } else if (clock.offset == "variable") {
        static constexpr std::array<std::string_view, 2> kBases{"utc", "localtime"};
        const auto adjustment = element.attribute("adjustment");
        clock.adjustment = adjustment ? seconds(element, "adjustment", *adjustment) : 0;
        clock.basis = word_attribute(element, "basis", kBases);
        if (clock.basis.empty()) clock.basis = "utc";
    } else if (clock.offset == "timezone") {
        clock.timezone = string_attribute(element, "timezone");
        if (clock.timezone.empty())
            element.fail(ErrorCode::internal_error,
                         "missing 'timezone' attribute for clock with offset='timezone'",
                         "for example timezone='Europe/Berlin'");
    } else {
        const auto start = element.attribute("start");
        if (!start)
            element.fail(ErrorCode::internal_error,
                         "missing 'start' attribute for clock with offset='absolute'",
                         "start is seconds since 1970");
        clock.start = seconds(element, "start", *start);
    }
    if (clock.offset != "utc" || clock.adjustment)
        element.document().notice(
            element,
            fmt::format("<clock offset='{}'> is kept and has no effect: a container has the host's "
                        "clock and the time zone of its own files (<lx:time> shifts the "
                        "clocks that count from the boot)",
                        clock.offset));
    for (const Element& timer : element.children("timer"))
        clock.timers.push_back(parse_timer(timer));
}

}  // namespace lxvirt::xml
