// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IDisputeVerifier} from "../interfaces/IDisputeVerifier.sol";

/// @title Value digests of enums from what a proof shows (CL1, questions and proofs)
library CL1Enum {
    bytes1 internal constant BITS = 0x12;
    bytes1 internal constant BIT = 0x13;
    bytes1 internal constant UNSET = 0x00;
    uint256 internal constant MAX_COUNT = 256;

    /// @notice vd enum = H(0x12 || bit_0 || … || bit_{n-1}) for "the value is one of `asked`".
    /// @param shown For each member in order: the key of its bit if it is in `opened`, else the bit itself.
    function oneOf(uint256 count, uint256 asked, uint256 opened, bytes32[] calldata shown)
        internal
        pure
        returns (bytes32)
    {
        if (count == 0 || count > MAX_COUNT) revert IDisputeVerifier.BitsCountInvalid(count, MAX_COUNT);
        if (shown.length != count) revert IDisputeVerifier.BitsShownWrong(shown.length, count);
        uint256 all = type(uint256).max >> (MAX_COUNT - count);
        if (asked > all) revert IDisputeVerifier.BitsAskedUnknown(asked, count);
        if (opened != all ^ asked) revert IDisputeVerifier.BitsNotComplement(asked, opened);
        bytes32[] memory bits = shown;
        for (uint256 j = 0; j < count; ++j) {
            if (opened >> j & 1 != 0) bits[j] = unset(uint16(j), shown[j]);
        }
        return keccak256(abi.encodePacked(BITS, bits));
    }

    /// @notice bit_j = H(0x13 || u16 j || key || 0x00): a bit that is opened is shown to be 0, never 1.
    function unset(uint16 j, bytes32 key) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(BIT, j, key, UNSET));
    }
}
