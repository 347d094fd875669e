// `apply`: makes the domains and networks of a root match a set of files, as kept in version
// control. A new object is defined, an object that differs from its file's canonical form is
// replaced, and an equal one is not touched; running apply again changes nothing.
//
// One apply at a time changes a root (Root::apply_lock()); the objects' own locks keep apart others
// who define or edit. The record of what apply brings is written first (record.hh), and the live
// change of an object comes before the definition that asks for it, so that after a kill the next
// apply still sees a difference and does the rest.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "driver/apply/document.hh"
#include "driver/connection.hh"

namespace lxvirt::driver {

struct ApplyOptions {
    bool dry_run = false;  // change nothing, and report the same
    bool prune = false;    // undefine what apply brought from below the paths if its file is gone
    bool start = false;    // start the objects of the files that do not run
    bool wait = false;     // wait until the running domains have their addresses
    std::chrono::seconds timeout{30};  // the limit of `wait`, for all domains together
};

// What was done; `skipped` is a file or an object that apply leaves alone on purpose.
enum class ApplyAct { defined, updated, undefined, started, failed, skipped };

// Tells what became of one object, or of a file that holds none.
struct ApplyEvent {
    ApplyAct act = ApplyAct::failed;
    ObjectKind kind = ObjectKind::domain;
    std::string name;  // empty if it is not known
    std::string file;
    // Unified diff from the stored definition to the file's; empty if nothing changed.
    std::string diff;
    std::vector<std::string> notices;  // the notices of the document: what lxvirt ignores of it
    std::vector<std::string> effects;  // "live: ...", "at next start: ..."
    std::string error;                 // the sentence of a failure, or why the object is skipped
};

// Counts objects; `failed` also counts files and folders that could not be read.
struct ApplySummary {
    unsigned defined = 0, updated = 0, undefined = 0, unchanged = 0, started = 0, failed = 0;
};

// Applies the files in `paths`, and every *.xml in and below the folders in `paths`. Calls
// `on_event` for each object as it is done, unchanged ones aside. The failure of one object is an
// event and keeps no other object from being applied. Throws only if nothing could be begun:
// operation_timeout for the lock, or a record that cannot be read.
ApplySummary apply(Connection& connection, const std::vector<std::string>& paths,
                   const ApplyOptions& options,
                   const std::function<void(const ApplyEvent&)>& on_event);

}  // namespace lxvirt::driver
