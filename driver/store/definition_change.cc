#include "driver/store/definition_change.hh"

#include <optional>

#include "base/error.hh"
#include "base/test_point.hh"
#include "driver/store/definitions.hh"
#include "driver/store/journal.hh"
#include "driver/store/lookup.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using base::test_point;

// The name of this operation in an undo record.
constexpr const char* kOperation = "definitions";

// Writes both definitions, under an undo record. After an error the live one is put back; a record
// that cannot be cleared then is settled by the next command.
void write_both(const Root& root, const std::string& name, const LiveState& before,
                const LiveState& after, const std::string& definition) {
    Pending pending{.operation = kOperation, .values = {}};
    pending.values.emplace_back("live", format_live(before));
    pending.values.emplace_back("definition", definition);
    write_pending(root, name, pending);
    test_point("definitions-written-down");
    try {
        write_live(root, after);
        test_point("definitions-live");
        Definitions(root).update_text(name, definition);
        test_point("definitions-stored");
    } catch (const base::Exception&) {
        try {
            write_live(root, before);
            clear_pending(root, name);
        } catch (const base::Exception& error) {
            // The next command's settle_definitions() tries again.
            log_line(root, name, error.message());
        }
        throw;
    }
    clear_pending(root, name);
}

}  // namespace

void change_definitions(const Root& root, const std::string& name, Affect flags,
                        const std::function<void(xml::Domain& definition)>& change) {
    const Targets targets = targets_of(root, name, flags);
    std::optional<LiveState> before, after;
    if (targets.live) {
        before = read_live(root, name);
        if (!before) fail_no_live(root, name);
        after = before;
        change(after->domain);
    }
    std::optional<std::string> text;
    if (targets.config) {
        xml::Domain definition = Definitions(root).require(name);
        change(definition);
        text = xml::format_domain(definition);
    }
    if (after && text)
        write_both(root, name, *before, *after, *text);
    else if (after)
        write_live(root, *after);
    else
        Definitions(root).update_text(name, *text);
}

void settle_definitions(const Root& root, const std::string& name, const Pending& pending) {
    if (pending.operation != kOperation) return;
    // The stored definition was written last: if it is there, everything is.
    if (Definitions(root).text(name) == pending.value("definition")) return;
    write_live(root, parse_live(pending.value("live"), root.pending(name)));
}

}  // namespace lxvirt::driver
