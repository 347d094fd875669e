// The state of write_config(), on which its parts work: the lines so far, the domain that they
// express, and the verdicts. Private to driver/native/.
#pragma once

#include <string>
#include <string_view>

#include "driver/native/write.hh"

namespace lxvirt::driver::native {

// A part writes the lines of its elements, and changes the domain to what the lines express.
class Writer {
  public:
    Writer(const xml::Domain& wanted, const WriteOptions& given, const Facts& host)
        : domain(wanted), options(given), facts(host) {}

    // Writes a line, "lxc.KEY = VALUE". Returns false, with a verdict on `element`, where no line
    // can hold the value.
    bool put(std::string_view key, std::string_view value, std::string_view element);
    // Writes the line for both versions of control groups; lxc ignores those of a version that the
    // host does not have.
    bool put_group(std::string_view v1, std::string_view v2, std::string_view value,
                   std::string_view element);
    // Adds the verdict that an element is lost, and why.
    void lose(std::string_view element, std::string why) {
        judge(element, Verdict::not_translated, std::move(why));
    }
    // Adds the verdict that an element is written as something that means nearly the same.
    void approximate(std::string_view element, std::string how) {
        judge(element, Verdict::approximated, std::move(how));
    }
    // Moves the result out.
    [[nodiscard]] Written finish() {
        return {std::move(text_), std::move(verdicts_), std::move(domain)};
    }

    xml::Domain domain;  // without what cannot be written
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
