#include "cc/reader/inspect.h"

#include <algorithm>
#include <utility>

#include "cc/reader/array_reader.h"
#include "cc/reader/member_reader.h"

namespace tf_npz {
namespace {

ComponentFacts InspectComponent(const NpyHeader& header, FieldPath path, FieldView field,
                                const std::string& context) {
  ComponentFacts facts;
  facts.path = path;
  facts.dtype = field.dtype;
  const Result<ElementType> type = ComponentType(header, field.dtype);
  facts.status = type.status().WithContext(context);
  if (!type.ok()) return facts;
  Result<Component> component =
      MakeComponent(header.shape, std::move(path), std::move(field), *type);
  facts.status = component.status().WithContext(context);
  if (!component.ok()) return facts;
  facts.type = component->type;
  facts.shape = std::move(component->element_shape);
  return facts;
}

// A member whose name ends in ".npy" must be an array, unless it is a resource fork. Any other
// member may be something else. `beginning` is its first bytes.
bool IsArray(std::string_view name, std::string_view beginning) {
  if (beginning == kNpyMagic) return true;
  const bool is_resource_fork = IsResourceForkName(name) ||
                                beginning.substr(0, kAppleDoubleMagic.size()) == kAppleDoubleMagic;
  return ArrayName(name) != name && !is_resource_fork;
}

Status ReadFacts(const std::shared_ptr<Archive>& archive, const ZipEntry* entry,
                 const std::shared_ptr<BufferPool>& pool, MemberFacts* facts) {
  ReadOptions options;
  options.pool = pool;
  TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<MemberReader> member,
                          MemberReader::Open(archive, entry, options));
  if (member->is_size_known()) facts->size = member->size();
  char magic[kNpyMagic.size()];
  const size_t magic_size = std::min<uint64_t>(sizeof(magic), member->size());
  TF_NPZ_RETURN_IF_ERROR(member->Read(0, magic, magic_size));
  facts->is_array = entry == nullptr || IsArray(entry->name, {magic, magic_size});
  if (!facts->is_array) return DataLoss("is not an array: it does not begin like an .npy");
  TF_NPZ_ASSIGN_OR_RETURN(facts->header, ReadNpyHeader(*member));
  facts->size = member->size();
  TF_NPZ_ASSIGN_OR_RETURN(auto leaves, LeafFields(facts->header.dtype));
  for (auto& [path, field] : leaves) {
    const std::string context = archive->Context(entry, path);
    facts->components.push_back(InspectComponent(facts->header, path, std::move(field), context));
  }
  return OkStatus();
}

}  // namespace

Status ProblemOf(const ComponentFacts* begin, const ComponentFacts* end) {
  const ComponentFacts* first = nullptr;
  for (const ComponentFacts* facts = begin; facts != end; ++facts) {
    if (facts->status.ok()) continue;
    if (HoldsObjects(facts->dtype)) return facts->status;
    if (first == nullptr) first = facts;
  }
  return first == nullptr ? OkStatus() : first->status;
}

Status MemberFacts::Problem() const {
  if (!status.ok()) return status;
  return ProblemOf(components.data(), components.data() + components.size());
}

MemberFacts InspectMember(const std::shared_ptr<Archive>& archive, const ZipEntry* entry,
                          std::string_view name, const std::shared_ptr<BufferPool>& pool) {
  MemberFacts facts;
  facts.name = name;
  if (entry == nullptr) {
    facts.compression = archive->is_gzip() ? "gzip" : ZipMethodName(kZipStored);
    facts.compressed_size = archive->file().size();
  } else {
    facts.compression = ZipMethodName(entry->method);
    facts.compressed_size = entry->compressed_size;
    facts.size = entry->uncompressed_size;
    // In case that it can't be read at all.
    facts.is_array = !IsResourceForkName(entry->name);
  }
  facts.status = ReadFacts(archive, entry, pool, &facts).WithContext(archive->Context(entry));
  return facts;
}

std::vector<MemberFacts> InspectArchive(const std::shared_ptr<Archive>& archive) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  std::vector<MemberFacts> all;
  if (!archive->is_npz()) {
    all.push_back(InspectMember(archive, nullptr, "", pool));
    return all;
  }
  for (const auto& [name, entry] : archive->Named()) {
    all.push_back(InspectMember(archive, entry, name, pool));
  }
  return all;
}

}  // namespace tf_npz
