// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IDisputeVerifier} from "../interfaces/IDisputeVerifier.sol";

/// @title Value digests of ladders from what a proof shows (CL1, questions and proofs)
/// @notice Each function applies the steps that are left and returns H(0x11 || tipUp || tipDown). What is returned proves
/// nothing until it leads to a committed root. `>= L_j` and `< L_j` are each other's complement.
library CL1Ladder {
    bytes1 internal constant CONTEXT = 0x21;
    bytes1 internal constant STEP = 0x22;
    bytes1 internal constant TIPS = 0x11;
    uint8 internal constant UP = 0;
    uint8 internal constant DOWN = 1;
    uint256 internal constant MAX_COUNT = 65_535;

    /// @notice v >= L_j of a ladder of `count` thresholds: `headUp` is j steps from the tip.
    function atLeast(
        bytes32 schemaId,
        uint16 index,
        uint256 j,
        uint256 count,
        bytes32 headUp,
        bytes32 tipDown
    ) internal pure returns (bytes32) {
        requirePosition(j, count);
        return tips(walk(context(schemaId, index, UP), headUp, j), tipDown);
    }

    /// @notice v < L_j of a ladder of `count` thresholds: `headDown` is count - (j - 1) steps from the tip.
    function below(bytes32 schemaId, uint16 index, uint256 j, uint256 count, bytes32 headDown, bytes32 tipUp)
        internal
        pure
        returns (bytes32)
    {
        requirePosition(j, count);
        return tips(tipUp, walk(context(schemaId, index, DOWN), headDown, count - (j - 1)));
    }

    /// @notice L_low <= v < L_high: both heads at once.
    function between(
        bytes32 schemaId,
        uint16 index,
        uint256 low,
        uint256 high,
        uint256 count,
        bytes32 headUp,
        bytes32 headDown
    ) internal pure returns (bytes32) {
        requirePosition(low, count);
        requirePosition(high, count);
        if (low >= high) revert IDisputeVerifier.LadderRangeEmpty(low, high);
        return tips(
            walk(context(schemaId, index, UP), headUp, low),
            walk(context(schemaId, index, DOWN), headDown, count - (high - 1))
        );
    }

    /// @notice ctx(dir) = H(0x21 || schemaId || u16 i || u8 dir).
    function context(bytes32 schemaId, uint16 index, uint8 direction) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(CONTEXT, schemaId, index, direction));
    }

    /// @notice step(x) = H(0x22 || ctx || x), `steps` times. The caller bounds the steps.
    function walk(bytes32 ctx, bytes32 x, uint256 steps) internal pure returns (bytes32 tip) {
        tip = x;
        assembly ("memory-safe") {
            // 0x22 || ctx || x: 65 bytes in free memory that nothing else holds on to; only x changes
            let start := mload(0x40)
            let last := add(start, 0x21)
            mstore(start, STEP)
            mstore(add(start, 0x01), ctx)
            for {} steps { steps := sub(steps, 1) } {
                mstore(last, tip)
                tip := keccak256(start, 0x41)
            }
        }
    }

    /// @notice vd ladder = H(0x11 || tipUp || tipDown).
    function tips(bytes32 tipUp, bytes32 tipDown) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(TIPS, tipUp, tipDown));
    }

    /// @notice Requires 1 <= j <= count <= 65,535.
    function requirePosition(uint256 j, uint256 count) internal pure {
        if (count == 0 || count > MAX_COUNT) revert IDisputeVerifier.LadderCountInvalid(count, MAX_COUNT);
        if (j == 0 || j > count) revert IDisputeVerifier.LadderPositionOutOfRange(j, count);
    }
}
