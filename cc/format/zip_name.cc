#include "cc/format/zip_name.h"

#include "cc/base/text.h"
#include "cc/base/utf8.h"

namespace tf_npz {
namespace {

constexpr uint16_t kUtf8Flag = 1 << 11;

// The upper half of IBM code page 437 (appendix D.1).
constexpr std::string_view kCodePage437[128] = {
    "Ç", "ü", "é", "â", "ä", "à", "å", "ç", "ê", "ë", "è", "ï", "î", "ì", "Ä", "Å",
    "É", "æ", "Æ", "ô", "ö", "ò", "û", "ù", "ÿ", "Ö", "Ü", "¢", "£", "¥", "₧", "ƒ",
    "á", "í", "ó", "ú", "ñ", "Ñ", "ª", "º", "¿", "⌐", "¬", "½", "¼", "¡", "«", "»",
    "░", "▒", "▓", "│", "┤", "╡", "╢", "╖", "╕", "╣", "║", "╗", "╝", "╜", "╛", "┐",
    "└", "┴", "┬", "├", "─", "┼", "╞", "╟", "╚", "╔", "╩", "╦", "╠", "═", "╬", "╧",
    "╨", "╤", "╥", "╙", "╘", "╒", "╓", "╫", "╪", "┘", "┌", "█", "▄", "▌", "▐", "▀",
    "α", "ß", "Γ", "π", "Σ", "σ", "µ", "τ", "Φ", "Θ", "Ω", "δ", "∞", "φ", "ε", "∩",
    "≡", "±", "≥", "≤", "⌠", "⌡", "÷", "≈", "°", "∙", "·", "√", "ⁿ", "²", "■", "\xC2\xA0"};

}  // namespace

bool IsZipNameWellFormed(std::string_view raw, uint16_t flags) {
  return (flags & kUtf8Flag) == 0 || IsUtf8(raw);
}

std::string DecodeZipName(std::string_view raw, uint16_t flags) {
  if (!IsZipNameWellFormed(raw, flags)) return Escape(raw);
  if ((flags & kUtf8Flag) != 0) return std::string(raw);
  std::string name;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      name.push_back(c);
    } else {
      name += kCodePage437[byte - 0x80];
    }
  }
  return name;
}

}  // namespace tf_npz
