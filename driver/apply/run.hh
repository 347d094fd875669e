// One run of apply(), for driver/apply/*.cc only. run() reads all files, decides what each means,
// writes the record, and then brings networks before the domains that use them. Errors of one
// object become events; the others go on.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "driver/apply/apply.hh"
#include "driver/apply/closed_folders.hh"
#include "driver/apply/record.hh"

namespace lxvirt::driver {

// A document and what becomes of it in this run.
struct ApplyItem {
    ObjectDocument document;
    base::FoundFile found;              // without its text
    std::optional<std::string> before;  // the stored text; nullopt if there is no definition
    std::string after;                  // the text to store, canonical
    bool ahead = false;    // the object is new, and the record names it before it exists
    bool brought = false;  // this run has stored the definition
    // An item that failed is passed over by all later steps.
    bool failed = false;
    [[nodiscard]] bool equal() const { return before == after; }
};

// Borrows all that its constructor gets.
class ApplyRun {
  public:
    ApplyRun(Connection& connection, const ApplyOptions& options,
             const std::function<void(const ApplyEvent&)>& on_event)
        : connection_(connection), options_(options), on_event_(on_event), record_(connection) {}

    // Carries out the whole run; call it once.
    ApplySummary run(const std::vector<std::string>& paths);

  private:
    // --- run.cc
    void read(const std::vector<std::string>& paths);
    void read_file(base::FoundFile file);
    // Fails the documents in folders that a domain of this run can write.
    void refuse_inside_containers();
    void refuse_doubles();
    void decide();
    void write_record_ahead();
    void bring_networks();
    void bring_domains();
    std::vector<std::string> change_running(const ApplyItem& item);
    void brought(ApplyItem& item, std::vector<std::string> effects);
    void fail(ApplyItem& item, const std::string& error, std::vector<std::string> effects = {});
    // Reports a file or folder that could not be read. Some name is unknown then, so --prune
    // removes nothing in this run.
    void fail_unread(const std::string& file, const std::string& error);

    // --- prune.cc
    void prune(const std::vector<std::string>& paths);
    void prune_kind(ObjectKind kind, const std::vector<std::string>& places);
    [[nodiscard]] bool is_closed(const std::string& file) const;
    void undefine(ObjectKind kind, const std::string& name, const AppliedEntry& entry,
                  const std::string& text);

    // --- start.cc
    void start();
    void start_one(ApplyItem& item);
    void wait();
    void await_addresses(ApplyItem& item, std::chrono::steady_clock::time_point end);

    Connection& connection_;
    const ApplyOptions& options_;
    const std::function<void(const ApplyEvent&)>& on_event_;
    AppliedRecord record_;
    std::vector<ApplyItem> items_;  // networks first, as domains use them
    ClosedFolders closed_folders_;
    std::vector<std::string> closed_;  // the folders that were not looked into on purpose
    bool unread_ = false;
    ApplySummary summary_;
};

// Returns the absolute path of a folder, without links. For a folder that does not exist, only the
// part that exists is resolved.
[[nodiscard]] std::string absolute_folder(const std::string& path);
// Returns the absolute path of a file: its folder is resolved, its own name is not, as the file may
// be a link.
[[nodiscard]] std::string absolute_file(const std::string& path);

}  // namespace lxvirt::driver
