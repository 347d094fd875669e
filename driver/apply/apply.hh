// `apply`: makes the domains and networks of a root match a set of files, as kept in version
// control. What is new is defined, what differs from its canonical form is replaced, what is equal
// is not touched; running it again changes nothing.
//
// One apply at a time changes a root (Root::apply_lock()); others who define or edit are kept apart
// by the objects' own locks. What it brings is written down first (record.hh), and live changes
// come before the definition that asks for them, so that after a kill the next apply finds the
// rest.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "driver/apply/document.hh"
#include "driver/connection.hh"

namespace lxvirt::driver {

struct ApplyOptions {
    bool dry_run = false;  // change nothing, and tell the same
    bool prune = false;    // undefine what apply has brought from below the paths and is gone there
    bool start = false;    // start what is in the files and does not run
    bool wait = false;     // until what runs of it has its addresses
    std::chrono::seconds timeout{30};  // of waiting
};

enum class ApplyAct { defined, updated, undefined, started, failed, skipped };

// What became of one object, or of a file that is none.
struct ApplyEvent {
    ApplyAct act = ApplyAct::failed;
    ObjectKind kind = ObjectKind::domain;
    std::string name;  // empty where none is known
    std::string file;
    std::string diff;                  // unified, from the stored definition to the file's
    std::vector<std::string> notices;  // of the document: what is left out
    std::vector<std::string> effects;  // "live: ...", "at next start: ..."
    std::string error;                 // of what failed
};

struct ApplySummary {
    unsigned defined = 0, updated = 0, undefined = 0, unchanged = 0, started = 0, failed = 0;
};

// Files, and of folders every *.xml in and below them. `tell` hears of each thing as it is done,
// unchanged ones aside. Throws only where nothing could be begun: no lock, no readable record.
ApplySummary apply(Connection& connection, const std::vector<std::string>& paths,
                   const ApplyOptions& options,
                   const std::function<void(const ApplyEvent&)>& on_event);

}  // namespace lxvirt::driver
