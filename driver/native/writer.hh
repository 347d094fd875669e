// What the parts of write_config() work on: the lines so far, the domain that they say, and the
// account. Private to driver/native/.
#pragma once

#include <string>
#include <string_view>

#include "driver/native/write.hh"

namespace lxvirt::driver::native {

class Writer {
  public:
    Writer(const xml::Domain& wanted, const WriteOptions& given, const Facts& host)
        : domain(wanted), options(given), facts(host) {}

    // One line: "lxc.KEY = VALUE". False, told of as `element`, where no line can hold the value.
    bool put(std::string_view key, std::string_view value, std::string_view element);
    // The same of both versions of control groups; lxc passes over what the host does not have.
    bool put_group(std::string_view v1, std::string_view v2, std::string_view value,
                   std::string_view element);
    void lose(std::string_view element, std::string why) {
        judge(element, Verdict::not_translated, std::move(why));
    }
    void approximate(std::string_view element, std::string how) {
        judge(element, Verdict::approximated, std::move(how));
    }
    [[nodiscard]] Written finish() {
        return {std::move(text_), std::move(verdicts_), std::move(domain)};
    }

    xml::Domain domain;  // loses what cannot be written
    const WriteOptions& options;
    const Facts& facts;

  private:
    void judge(std::string_view element, Verdict verdict, std::string text);
    std::string text_;
    Verdicts verdicts_;
};

// The parts, in the order in which they are called.
void write_init(Writer& writer);
void write_limits(Writer& writer);
void write_security(Writer& writer);
void write_filesystems(Writer& writer);
void write_devices(Writer& writer);
void write_interfaces(Writer& writer);
void write_container(Writer& writer);

}  // namespace lxvirt::driver::native
