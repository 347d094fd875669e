#include "netd/firewall.hh"

#include <dlfcn.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>

#include <algorithm>
#include <cstring>

#include "base/error.hh"
#include "base/netlink/netlink.hh"
#include "base/test_point.hh"

namespace lxvirt::netd {

// Holds the functions of libnftables and its context. The library is loaded when a network needs it:
// it brings five others along, which a network without rules does not pay for.
struct Firewall::Library {
    template <typename Function>
    [[nodiscard]] Function* find(const char* name) const {
        auto* const found = handle != nullptr ? ::dlsym(handle, name) : nullptr;
        if (found == nullptr)
            base::fail(base::ErrorCode::operation_failed,
                       "the rules need libnftables.so.1 (Debian: libnftables1), which cannot be "
                       "loaded");
        return reinterpret_cast<Function*>(found);
    }
    // Stays loaded until the process ends.
    void* handle = ::dlopen("libnftables.so.1", RTLD_NOW);
    decltype(nft_ctx_free)* release = find<decltype(nft_ctx_free)>("nft_ctx_free");
    decltype(nft_run_cmd_from_buffer)* run =
        find<decltype(nft_run_cmd_from_buffer)>("nft_run_cmd_from_buffer");
    decltype(nft_ctx_get_error_buffer)* error =
        find<decltype(nft_ctx_get_error_buffer)>("nft_ctx_get_error_buffer");
    decltype(nft_ctx_get_output_buffer)* output =
        find<decltype(nft_ctx_get_output_buffer)>("nft_ctx_get_output_buffer");
    std::unique_ptr<nft_ctx, decltype(nft_ctx_free)*> context{
        find<decltype(nft_ctx_new)>("nft_ctx_new")(NFT_CTX_DEFAULT), release};
};

Firewall::Firewall() : library_(std::make_shared<Library>()) {
    nft_ctx* const context = library_->context.get();
    if (context == nullptr)
        base::fail(base::ErrorCode::operation_failed, "nftables cannot be used");
    (void)library_->find<decltype(nft_ctx_buffer_error)>("nft_ctx_buffer_error")(context);
    (void)library_->find<decltype(nft_ctx_buffer_output)>("nft_ctx_buffer_output")(context);
    library_->find<decltype(nft_ctx_output_set_flags)>("nft_ctx_output_set_flags")(
        context, NFT_CTX_OUTPUT_STATELESS);
}

std::string Firewall::run(const std::string& text) {
    nft_ctx* const context = library_->context.get();
    const int status = library_->run(context, text.c_str());
    std::string words = library_->error(context);
    if (status == 0) return {};
    return words.empty() ? "nftables gave no reason" : words;
}

void Firewall::apply(const std::string& text) {
    const std::string words = run(text);
    base::test_point("rules-made");
    if (!words.empty()) base::fail(base::ErrorCode::operation_failed, "nftables: {}", words);
}

std::string Firewall::list(const std::string& table) {
    if (!run("list table inet " + table + "\n").empty()) return {};
    return library_->output(library_->context.get());
}

void Firewall::remove(const std::string& table) {
    if (list(table).empty()) return;
    apply("delete table inet " + table + "\n");
}

TableWatch::TableWatch(std::vector<WatchedTable> tables, std::string passed_over)
    : tables_(std::move(tables)),
      passed_over_(std::move(passed_over)),
      socket_(base::listen_netlink(NETLINK_NETFILTER, NFNLGRP_NFTABLES)) {}

bool TableWatch::changed() {
    bool found = false;
    const auto take = [&](const nlmsghdr* header) {
        if (NFNL_SUBSYS_ID(header->nlmsg_type) != NFNL_SUBSYS_NFTABLES) return;
        const auto* family = static_cast<const nfgenmsg*>(NLMSG_DATA(header));
        // The name of the table is the first attribute of every message but NFT_MSG_NEWGEN, with the
        // same number.
        const auto* name = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(family) +
                                                           NLMSG_ALIGN(sizeof *family));
        const auto type = NFNL_MSG_TYPE(header->nlmsg_type);
        if (type == NFT_MSG_NEWGEN || (name->nla_type & NLA_TYPE_MASK) != NFTA_TABLE_NAME) return;
        const std::string_view bytes(reinterpret_cast<const char*>(header), header->nlmsg_len);
        if (type == NFT_MSG_NEWRULE && !passed_over_.empty() &&
            bytes.find(passed_over_) != std::string_view::npos)
            return;
        const auto* text = reinterpret_cast<const char*>(name) + NLA_HDRLEN;
        const WatchedTable changed{family->nfgen_family,
                                   {text, ::strnlen(text, name->nla_len - NLA_HDRLEN)}};
        found = found || std::find(tables_.begin(), tables_.end(), changed) != tables_.end();
    };
    // If notifications were lost, nobody knows what happened.
    if (!base::read_netlink(socket_, take)) return true;
    return found;
}

}  // namespace lxvirt::netd
