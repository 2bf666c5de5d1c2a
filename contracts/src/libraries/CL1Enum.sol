// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IDisputeVerifier} from "../interfaces/IDisputeVerifier.sol";

/// @title Value digests of enums and sets of codes from what a proof shows (CL1, questions and proofs)
/// @notice Of an enum exactly one bit is 1, so bits are opened as 0 alone. Of a set any number is, so a bit is opened as
/// what it is. A leaf says which of the two it is by its mode byte, so neither proof passes for the other.
library CL1Enum {
    bytes1 internal constant BITS = 0x12;
    bytes1 internal constant BIT = 0x13;
    bytes1 internal constant UNSET = 0x00;
    bytes1 internal constant SET = 0x01;
    uint256 internal constant MAX_COUNT = 256;

    /// @notice vd enum = H(0x12 || bit_0 || … || bit_{n-1}) for "the value is one of `asked`".
    /// @param shown For each member in order: the key of its bit if it is in `opened`, else the bit itself.
    function oneOf(uint256 count, uint256 asked, uint256 opened, bytes32[] calldata shown)
        internal
        pure
        returns (bytes32)
    {
        uint256 all = allOf(count, asked, shown.length);
        if (opened != all ^ asked) revert IDisputeVerifier.BitsNotComplement(asked, opened);
        bytes32[] memory bits = shown;
        for (uint256 j = 0; j < count; ++j) {
            if (opened >> j & 1 != 0) bits[j] = unset(uint16(j), shown[j]);
        }
        return keccak256(abi.encodePacked(BITS, bits));
    }

    /// @notice vd of a set for "every member in `present` is set, and none in `missing`".
    /// @param shown For each member in order: the key of its bit if it is in one of the two, else the bit itself.
    function codes(uint256 count, uint256 present, uint256 missing, bytes32[] calldata shown)
        internal
        pure
        returns (bytes32)
    {
        allOf(count, present | missing, shown.length);
        if (present & missing != 0) revert IDisputeVerifier.BitsOpenedTwice(present, missing);
        bytes32[] memory bits = shown;
        for (uint256 j = 0; j < count; ++j) {
            if ((present | missing) >> j & 1 != 0) {
                bits[j] = keccak256(
                    abi.encodePacked(BIT, uint16(j), shown[j], present >> j & 1 == 0 ? UNSET : SET)
                );
            }
        }
        return keccak256(abi.encodePacked(BITS, bits));
    }

    /// @notice The mask of all bits. Requires 1 to 256 members, one part shown for each, and no other one named.
    function allOf(uint256 count, uint256 named, uint256 shown) internal pure returns (uint256 all) {
        if (count == 0 || count > MAX_COUNT) revert IDisputeVerifier.BitsCountInvalid(count, MAX_COUNT);
        if (shown != count) revert IDisputeVerifier.BitsShownWrong(shown, count);
        all = type(uint256).max >> (MAX_COUNT - count);
        if (named > all) revert IDisputeVerifier.BitsAskedUnknown(named, count);
    }

    /// @notice bit_j = H(0x13 || u16 j || key || 0x00): a bit of an enum that is opened is shown to be 0, never 1.
    function unset(uint16 j, bytes32 key) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(BIT, j, key, UNSET));
    }
}
