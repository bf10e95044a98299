#include "cc/pipeline/work.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cc/base/shape.h"
#include "cc/kernels/byte_order.h"
#include "cc/kernels/pad.h"
#include "cc/reader/source.h"
#include "cc/reader/source_name.h"

namespace tf_npz {
namespace {

static_assert(kMaxResident >= kSmallFile);

// A piece that is padded is decoded in parts of about this size, which are copied to their places.
constexpr uint64_t kUnpaddedSize = uint64_t{1} << 20;

// Whether `file`, of `count` elements, is still the one that reading was planned for.
Status CheckRange(const Extent& extent, int64_t file_size, int64_t count) {
  const std::string label = SourceLabel(*extent.filenames);
  if (extent.file_size >= 0 && extent.file_size != file_size) {
    return InvalidArgument(label + ": has " + std::to_string(file_size) + " bytes, but had " +
                           std::to_string(extent.file_size) +
                           " when reading stopped in it, so it can't go on there: it is another "
                           "file than before");
  }
  if (extent.least <= count) return OkStatus();
  return InvalidArgument(label + ": has " + std::to_string(count) +
                         " elements, but reading is to go on at element " +
                         std::to_string(extent.least) + ": is it another file than before?");
}

ComponentShape ShapeOf(const Component& component) {
  ComponentShape shape;
  shape.shape = component.element_shape;
  shape.is_string = component.type == ElementType::kString;
  // Strings that an element has none of take no memory, however wide the header says they are.
  const bool is_nothing = shape.is_string && ItemCount(component.element_shape) == 0;
  shape.item_size = is_nothing ? 0 : component.item_size;
  // Datetimes become int64. What is cast to int64 is no datetime.
  if (component.type == ElementType::kInt64) {
    shape.unit = component.is_cast() ? std::string(ElementTypeName(component.type))
                                     : component.field.dtype.name();
  }
  return shape;
}

bool IsSmall(const ArrayReader& reader) { return reader.header().data_size <= kSmallFile; }

FileFacts FactsOf(const WorkContext& context, const Extent& extent, const SelectedArrays& opened) {
  FileFacts facts;
  facts.count = opened.count;
  facts.file_size = static_cast<int64_t>(opened.archive->file().size());
  const Archive& archive = *opened.archive;
  facts.resident = archive.is_in_memory() ? archive.file().size() : 0;
  // One array of a large file is as quickly opened as a small file.
  facts.is_small =
      archive.is_in_memory() || (context.selection.each_array && IsSmall(*opened.arrays[0].reader));
  facts.components.resize(context.selection.specs.size());
  std::vector<DecoderInput> inputs;
  for (const SelectedArray& array : opened.arrays) {
    const ArrayReader& reader = *array.reader;
    ArrayFacts array_facts;
    array_facts.components = array.components;
    for (size_t i = 0; i < array.components.size(); ++i) {
      const Component& component = reader.components()[i];
      array_facts.element_size += component.element_size();
      facts.components[array.components[i]] = ShapeOf(component);
    }
    facts.arrays.push_back(std::move(array_facts));
    facts.resident += reader.loaded_size();
    DecoderInput input;
    input.load_size = reader.load_size();
    input.load_overhead = reader.load_overhead();
    input.must_load = reader.must_load();
    input.fortran_order = reader.header().fortran_order;
    input.is_random_access = reader.is_random_access();
    input.serves_as_block = reader.serves_whole();
    input.is_cut = reader.plan()->is_cut;
    input.has_end = reader.plan()->has_end;
    inputs.push_back(input);
  }
  DecoderPolicy policy;
  policy.memory_limit = context.block_options.memory_limit;
  policy.is_only_file = context.is_only_file;
  policy.is_element = context.block_options.is_whole;
  policy.is_read_to_the_end = extent.end >= opened.count;
  const std::vector<Decoding> decodings = ChooseDecoders(inputs, policy);
  for (size_t i = 0; i < decodings.size(); ++i) facts.arrays[i].decoding = decodings[i];
  return facts;
}

Result<SelectedArrays> OpenArrays(const WorkContext& context, const std::string& filename,
                                  bool verify_skipped) {
  ReadOptions options;
  options.pool = context.pool;
  options.cancelled = context.cancelled;
  if (!context.verify_checksums) {
    options.checksums = Checksums::kNone;
  } else {
    options.checksums = verify_skipped ? Checksums::kSkippedToo : Checksums::kFullyRead;
  }
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSource(context.file_system, filename, context.selection, options,
                                     context.plans.get(), context.archives.get()));
  TF_NPZ_RETURN_IF_ERROR(
      CheckLoads(selected, context.selection, context.block_options.memory_limit));
  return selected;
}

// A piece of one array: elements [first, first + count) go to `offset` and on in the block.
struct Range {
  int64_t first;
  int64_t count;
  int64_t offset;
};

// Whether an element of `shape` begins one of `padded_shape`, of as many dimensions.
bool IsBeginOf(const std::vector<int64_t>& shape, const std::vector<int64_t>& padded_shape) {
  return !shape.empty() && std::equal(shape.begin() + 1, shape.end(), padded_shape.begin() + 1);
}

std::string_view PaddingOf(const WorkContext& context, size_t component) {
  const std::optional<std::string>& padding = context.block_options.padding_of(component);
  return padding ? std::string_view(*padding) : std::string_view();
}

// Decodes elements in parts, which are then copied to larger ones in the block.
Status DecodeApart(const WorkContext& context, const SelectedArray& array, const Range& range,
                   const BlockMemory& memory, const std::vector<char*>& destinations,
                   int64_t* done) {
  ArrayReader& reader = *array.reader;
  const std::vector<Component>& components = reader.components();
  uint64_t size = 0;
  for (const Component& component : components) size += component.element_size();
  const auto step = std::clamp<int64_t>(
      static_cast<int64_t>(kUnpaddedSize / std::max<uint64_t>(size, 1)), 1, range.count);
  std::vector<Buffer> parts;
  std::vector<char*> part_data;
  for (const Component& component : components) {
    TF_NPZ_ASSIGN_OR_RETURN(Buffer part, context.pool->Allocate(step * component.element_size()));
    part_data.push_back(part.data());
    parts.push_back(std::move(part));
  }
  Status status;
  while (*done < range.count && status.ok()) {
    int64_t step_done = 0;
    status = reader.Read(range.first + *done, std::min(step, range.count - *done), part_data,
                         &step_done);
    for (size_t i = 0; i < components.size(); ++i) {
      const size_t component = array.components[i];
      const ComponentShape& target = memory.shape(component);
      CopyElements(part_data[i], step_done, components[i].element_shape, components[i].item_size,
                   destinations[i] + *done * memory.element_size(component), target.shape,
                   target.item_size, PaddingOf(context, component));
    }
    *done += step_done;
  }
  return status;
}

// Fills what follows elements that were decoded in their place and are shorter than it.
void PadInPlace(const WorkContext& context, const SelectedArray& array, const BlockMemory& memory,
                const std::vector<char*>& destinations) {
  if (context.block_options.padding.empty()) return;
  for (size_t i = 0; i < array.components.size(); ++i) {
    const size_t component = array.components[i];
    const Component& own = array.reader->components()[i];
    const ComponentShape& target = memory.shape(component);
    if (own.element_shape == target.shape) continue;
    FillAfter(destinations[i], static_cast<int64_t>(own.element_size()),
              memory.element_size(component), target.item_size, PaddingOf(context, component));
  }
}

Status DecodeRange(const WorkContext& context, const SelectedArray& array, const Range& range,
                   BlockMemory& memory, int64_t* done) {
  TF_NPZ_ASSIGN_OR_RETURN(const std::vector<char*> destinations,
                          memory.Destinations(array.components, range.offset));
  bool in_place = true;
  for (size_t i = 0; i < array.components.size(); ++i) {
    const Component& own = array.reader->components()[i];
    const ComponentShape& target = memory.shape(array.components[i]);
    const bool fits = own.element_shape == target.shape ||
                      (range.count == 1 && IsBeginOf(own.element_shape, target.shape));
    // If there is nothing to copy, the reader still looks at the file.
    in_place = in_place && (memory.element_size(array.components[i]) == 0 ||
                            (fits && own.item_size == target.item_size));
  }
  if (!in_place) return DecodeApart(context, array, range, memory, destinations, done);
  Status status = array.reader->Read(range.first, range.count, destinations, done);
  if (status.ok()) PadInPlace(context, array, memory, destinations);
  return status;
}

// Decodes whole arrays to memory that the reader brings.
Status DecodeWhole(const SelectedArray& array, BlockMemory& memory, int64_t* done) {
  TF_NPZ_ASSIGN_OR_RETURN(std::vector<ArrayData> whole, array.reader->ReadAll());
  for (size_t i = 0; i < whole.size(); ++i) {
    memory.Set(array.components[i], std::move(whole[i]));
  }
  *done = 1;
  return OkStatus();
}

// Opens a file of a run as any other, and decodes its element.
Status OpenAndDecode(const WorkContext& context, const std::string& filename,
                     const FileFacts& model, int64_t offset, BlockMemory& memory) {
  TF_NPZ_ASSIGN_OR_RETURN(const SelectedArrays opened,
                          OpenArrays(context, filename, /*verify_skipped=*/false));
  FileFacts facts;
  facts.components.resize(model.components.size());
  for (const SelectedArray& array : opened.arrays) {
    for (size_t i = 0; i < array.components.size(); ++i) {
      facts.components[array.components[i]] = ShapeOf(array.reader->components()[i]);
    }
  }
  TF_NPZ_RETURN_IF_ERROR(CheckSameUnits(facts, UnitsOf(model), context.block_options, filename));
  for (const SelectedArray& array : opened.arrays) {
    int64_t done = 0;
    TF_NPZ_RETURN_IF_ERROR(DecodeRange(context, array, {0, 1, offset}, memory, &done));
  }
  return OkStatus();
}

// Reads an .npy that begins with the model's header to its place. DataLoss if it is another file:
// nothing is said of it then, since it is opened as any other next.
Status ReadAlike(WholeFileReader& reader, const std::string& filename, const ArrayPlan& model,
                 char* header, char* element) {
  const size_t header_size = model.header.data_offset;
  const size_t size = model.header.data_size;
  TF_NPZ_RETURN_IF_ERROR(reader.Read(filename, {header, header_size}, {element, size}));
  if (std::string_view(header, header_size) != model.header_bytes) {
    return DataLoss("begins with another header");
  }
  // The component's dtype: the header's may be a structure of one field.
  ConvertToNative(model.components[0].field.dtype, element, size);
  return OkStatus();
}

// Decodes files of a run, one element each. Most files of a set begin with the same bytes, so a
// file is first read as if it were like the model, in one go and straight to its place. If it is
// not, it is opened as any other.
Status DecodeRun(const WorkContext& context, const Step& step, int64_t* done) {
  const Piece& piece = step.piece;
  BlockMemory& memory = *piece.block->memory;
  const ArrayPlan* const model = step.file->open_file->model.get();
  std::unique_ptr<WholeFileReader> reader;
  Buffer header;
  char* destination = nullptr;
  if (model != nullptr) {
    TF_NPZ_ASSIGN_OR_RETURN(header, context.pool->Allocate(model->header.data_offset));
    TF_NPZ_ASSIGN_OR_RETURN(const std::vector<char*> destinations,
                            memory.Destinations({0}, piece.offset));
    destination = destinations[0];
    reader = context.file_system.NewWholeFileReader();
  }
  for (; *done < piece.count; ++*done) {
    if (context.cancelled->load(std::memory_order_relaxed)) return Cancelled();
    const std::string& filename = step.file->extent.filenames[piece.first + *done];
    if (model != nullptr && !MemberOf(filename)) {
      char* const element = destination + *done * memory.element_size(0);
      if (ReadAlike(*reader, filename, *model, header.data(), element).ok()) continue;
    }
    TF_NPZ_RETURN_IF_ERROR(
        OpenAndDecode(context, filename, *step.file->facts, piece.offset + *done, memory));
  }
  return OkStatus();
}

}  // namespace

Result<Opened> Open(const WorkContext& context, const Extent& extent) {
  TF_NPZ_ASSIGN_OR_RETURN(
      SelectedArrays selected,
      OpenArrays(context, *extent.filenames,
                 extent.first > 0 && extent.verify_skipped && !context.selection.is_cut()));
  TF_NPZ_RETURN_IF_ERROR(
      CheckRange(extent, static_cast<int64_t>(selected.archive->file().size()), selected.count));
  Opened opened;
  opened.facts = FactsOf(context, extent, selected);
  opened.file = std::make_shared<OpenFile>();
  opened.file->archive = std::move(selected.archive);
  opened.file->arrays = std::move(selected.arrays);
  return opened;
}

Opened ModelOf(const WorkContext& context, const FileFacts& facts, const OpenFile& file) {
  Opened model;
  const BlockOptions& options = context.block_options;
  bool is_fixed = options.batch_size > 0 && options.padding.empty() && !context.selection.rows &&
                  facts.is_small;
  for (const ComponentSpec& spec : context.selection.specs) {
    is_fixed = is_fixed && spec.type != ElementType::kString && spec.shape.has_value() &&
               std::all_of(spec.shape->begin(), spec.shape->end(),
                           [](int64_t dimension) { return dimension >= 0; });
  }
  if (!is_fixed) return model;
  model.facts = facts;
  model.facts.file_size = -1;  // any
  model.facts.resident = 0;
  // One step decodes a file, all of its components.
  model.facts.arrays = {ArrayFacts()};
  for (size_t i = 0; i < facts.components.size(); ++i) {
    model.facts.arrays[0].components.push_back(i);
  }
  for (const ArrayFacts& array : facts.arrays) {
    model.facts.arrays[0].element_size += array.element_size;
  }
  model.file = std::make_shared<OpenFile>();
  model.file->is_run = true;
  const ArrayPlan& plan = *file.arrays[0].reader->plan();
  const bool is_plain = file.arrays.size() == 1 && !file.archive->is_npz() &&
                        !file.archive->is_gzip() && plan.takes_items && plan.is_whole() &&
                        !plan.header.fortran_order;
  if (is_plain) model.file->model = file.arrays[0].reader->plan();
  return model;
}

Status Decode(const WorkContext& context, const Step& step, int64_t* done) {
  *done = 0;
  const OpenFile& file = *step.file->open_file;
  if (file.is_run) return DecodeRun(context, step, done);
  const SelectedArray& array = file.arrays[step.array];
  const Piece& piece = step.piece;
  if (step.load) TF_NPZ_RETURN_IF_ERROR(array.reader->Load());
  if (context.block_options.is_whole) return DecodeWhole(array, *piece.block->memory, done);
  return DecodeRange(context, array, {piece.first, piece.count, piece.offset}, *piece.block->memory,
                     done);
}

Result<std::vector<char*>> BlockMemory::Destinations(const std::vector<size_t>& components,
                                                     int64_t offset) {
  std::vector<char*> destinations;
  const MutexLock lock(mutex_);
  for (const size_t component : components) {
    Buffer& buffer = buffers_[component];
    if (buffer.data() == nullptr) {
      TF_NPZ_ASSIGN_OR_RETURN(buffer, pool_.Allocate(block_.sizes[component]));
    }
    destinations.push_back(buffer.data() + offset * element_size(component));
  }
  return destinations;
}

void BlockMemory::Set(size_t component, ArrayData whole) {
  const MutexLock lock(mutex_);
  whole_.resize(buffers_.size());
  whole_[component] = std::move(whole);
}

int64_t BlockMemory::element_size(size_t component) const {
  return ItemCount(shape(component).shape) * shape(component).item_size;
}

std::vector<ArrayData> BlockMemory::Take() {
  const MutexLock lock(mutex_);
  if (!whole_.empty()) return std::move(whole_);
  std::vector<ArrayData> arrays(buffers_.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    arrays[i].buffer = std::move(buffers_[i]);
    arrays[i].shape = shape(i).shape;
    arrays[i].item_size = shape(i).item_size;
  }
  return arrays;
}

}  // namespace tf_npz
