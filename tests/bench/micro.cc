// What the driver does before a container's start reaches the kernel, and what a list costs: Google
// Benchmark. Usage: micro [--benchmark_filter=REGEX]; LXVIRT_EXAMPLES names the folder of examples.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "base/codec.hh"
#include "base/file/file.hh"
#include "driver/api/list.hh"
#include "driver/host/node.hh"
#include "driver/plan/compile.hh"
#include "xml/domain/parse.hh"

namespace {

using namespace lxvirt;

// A domain with limits, whose root file system is there on every machine.
std::string example() {
    const char* const folder = std::getenv("LXVIRT_EXAMPLES");
    std::string text =
        base::read_file(std::string(folder != nullptr ? folder : "examples") + "/limits.xml");
    const std::string_view root = "/srv/lxvirt/busybox";
    if (const auto at = text.find(root); at != std::string::npos)
        text.replace(at, root.size(), "/usr");
    return text;
}

// A root of its own with as many definitions.
class Definitions {
  public:
    explicit Definitions(std::int64_t count) {
        std::string path = "/tmp/lxvirt-micro-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr) base::fail_errno("make '{}'", path);
        folder_ = path;
        const std::string definitions = folder_ + "/etc/lxvirt/lxc";
        base::make_folders(definitions, 0755);
        for (std::int64_t i = 0; i < count; ++i)
            base::write_atomic(fmt::format("{}/d{}.xml", definitions, i), example(), 0600,
                               base::Durability::volatile_);
    }
    ~Definitions() { std::filesystem::remove_all(folder_); }
    Definitions(const Definitions&) = delete;
    Definitions& operator=(const Definitions&) = delete;
    [[nodiscard]] const std::string& folder() const { return folder_; }

  private:
    std::string folder_;
};

void parse(benchmark::State& state) {
    const std::string text = example();
    for (auto _ : state) benchmark::DoNotOptimize(xml::parse_domain(text));
}
BENCHMARK(parse);

void parse_with_schema(benchmark::State& state) {
    const std::string text = example();
    xml::ParseOptions options;
    options.validate = true;
    for (auto _ : state) benchmark::DoNotOptimize(xml::parse_domain(text, options));
}
BENCHMARK(parse_with_schema);

void format(benchmark::State& state) {
    const xml::Domain domain = xml::parse_domain(example()).domain;
    for (auto _ : state) benchmark::DoNotOptimize(xml::format_domain(domain));
}
BENCHMARK(format);

void plan(benchmark::State& state) {
    const driver::Root root;
    xml::Domain domain = xml::parse_domain(example()).domain;
    driver::name_live_domain(domain, 1);
    const driver::HostFacts host = driver::host_facts(root);
    for (auto _ : state)
        benchmark::DoNotOptimize(driver::compile_plan(domain, root, host, {.helper = 1}));
}
BENCHMARK(plan);

void encode_plan(benchmark::State& state) {
    const driver::Root root;
    xml::Domain domain = xml::parse_domain(example()).domain;
    driver::name_live_domain(domain, 1);
    const helper::Plan plan =
        driver::compile_plan(domain, root, driver::host_facts(root), {.helper = 1});
    for (auto _ : state)
        benchmark::DoNotOptimize(base::decode<helper::Plan>(base::encode(plan), "plan"));
}
BENCHMARK(encode_plan);

void list(benchmark::State& state) {
    const Definitions definitions(state.range(0));
    const driver::Root root(definitions.folder());
    for (auto _ : state) benchmark::DoNotOptimize(driver::list_domains(root, {}));
}
BENCHMARK(list)->Arg(1)->Arg(100)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
