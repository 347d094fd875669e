// One run of apply(), for driver/apply/*.cc only.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "driver/apply/apply.hh"
#include "driver/apply/record.hh"

namespace lxvirt::driver {

// A document and what it is to become.
struct ApplyItem {
    ObjectDocument document;
    std::optional<std::string> before;  // the definition as it is stored
    std::string after;                  // canonical
    bool ahead = false;    // it is new, and in the record for what this run is going to do
    bool brought = false;  // stored by this run
    bool failed = false;
    [[nodiscard]] bool equal() const { return before == after; }
};

class ApplyRun {
  public:
    ApplyRun(Connection& connection, const ApplyOptions& options,
             const std::function<void(const ApplyEvent&)>& on_event)
        : connection_(connection), options_(options), on_event_(on_event), record_(connection) {}

    ApplySummary run(const std::vector<std::string>& paths);

  private:
    // --- run.cc
    void read(const std::vector<std::string>& paths);
    void read_file(const std::string& file);
    void refuse_doubles();
    void decide();
    void write_record_ahead();
    void bring_networks();
    void bring_domains();
    std::vector<std::string> change_running(const ApplyItem& item);
    void brought(ApplyItem& item, std::vector<std::string> effects);
    void fail(ApplyItem& item, const std::string& error);
    // `file` or a folder that could not be read: some name is not known.
    void fail_unread(const std::string& file, const std::string& error);

    // --- prune.cc
    void prune(const std::vector<std::string>& paths);
    void prune_kind(ObjectKind kind, const std::vector<std::string>& places);
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
    std::vector<ApplyItem> items_;  // networks first
    bool unread_ = false;
    ApplySummary summary_;
};

// The absolute path of a folder, without links; of one that is not there as far as it is.
[[nodiscard]] std::string absolute_folder(const std::string& path);
// Of a file, which may be a link itself.
[[nodiscard]] std::string absolute_file(const std::string& path);

}  // namespace lxvirt::driver
