// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title The governors of a consortium
/// @notice M of N governors decide; every other owned contract obeys only this one. A decision is a proposal: a list of
/// calls that runs as a whole or not at all. The council changes itself only by calling itself.
///
/// A proposal's life:
///
///     None --propose--> Open --execute--> Executed
///                        |
///                        +-- 30 days --> Open but expired: can be neither approved nor executed
///
/// Approvals belong to a digest of chain, council, number and calls, and to the governor's current term of office. Who is
/// removed no longer counts, and does not count again when added back later. The threshold is the one in force at execution.
///
/// Storage layout:
///
///     slot 0   uint256 threshold
///     slot 1   address[] governors
///     slot 2   uint256 number of terms begun
///     slot 3   mapping(address governor => uint256 term); 0: not a governor
///     slot 4   uint256 number of proposals
///     slot 5   mapping(uint256 number => Proposal); slot +0: state (uint8), expiresAt (uint64), proposer (address), packed
///              from the low end; +1: digest; +2: Call[]
///     slot 6   mapping(bytes32 digest => mapping(address governor => uint256 term of the approval))
interface ICouncil {
    /// @notice None: no such number. Open: may be approved and, in time, executed. Executed: final.
    enum State {
        None,
        Open,
        Executed
    }

    /// @notice One call that the council makes. No value is ever sent along.
    struct Call {
        address target;
        bytes data;
    }

    /// @notice A governor took office.
    /// @dev Invariant: between this and GovernorRemoved the address may propose, approve and execute.
    event GovernorAdded(address indexed governor);

    /// @notice A governor left office.
    /// @dev Invariant: from here on none of the governor's earlier approvals counts.
    event GovernorRemoved(address indexed governor);

    /// @notice How many governors must approve from now on, for open proposals too.
    /// @dev Invariant: 1 <= threshold <= number of governors, after every transaction.
    event ThresholdChanged(uint256 threshold);

    /// @notice A proposal was opened; the proposer's approval follows in its own event.
    /// @dev Invariant: numbers count up from 1 without a gap; the calls of a number never change.
    event ProposalOpened(
        uint256 indexed number, address indexed proposer, bytes32 digest, uint64 expiresAt, Call[] calls
    );

    /// @notice A governor approved.
    /// @dev Invariant: at most once for a number and a term of office.
    event ProposalApproved(uint256 indexed number, address indexed governor, bytes32 digest);

    /// @notice All the calls of a proposal were made, and succeeded.
    /// @dev Invariant: at most once for a number, at or before its expiresAt. Events of the calls come after this one.
    event ProposalExecuted(uint256 indexed number, address indexed governor);

    /// @notice Neither the zero address nor the council itself can govern.
    error GovernorInvalid(address governor);
    /// @notice The address is a governor already.
    error GovernorExists(address governor);
    /// @notice The address is not a governor.
    error GovernorUnknown(address account);
    /// @notice The council is full.
    error GovernorLimitReached(uint256 limit);
    /// @notice Only a proposal of the council itself can do this.
    error CouncilOnlyItself(address caller);
    /// @notice The threshold would be zero or above the number of governors.
    error CouncilThresholdInvalid(uint256 threshold, uint256 governors);
    /// @notice A target has no code: the call would succeed without doing anything.
    error CouncilTargetWithoutCode(uint256 index, address target);
    /// @notice A call reverted; `data` is its revert data, untouched.
    error CouncilCallFailed(uint256 index, bytes data);
    /// @notice There is no proposal of this number.
    error ProposalUnknown(uint256 number);
    /// @notice The proposal has been executed.
    error ProposalNotOpen(uint256 number, State state);
    /// @notice The proposal's time is over.
    error ProposalExpired(uint256 number, uint64 expiresAt);
    /// @notice The governor has approved in this term.
    error ProposalAlreadyApproved(uint256 number, address governor);
    /// @notice Too few current governors have approved.
    error ProposalLacksApprovals(uint256 number, uint256 approvals, uint256 threshold);
    /// @notice A proposal has 1 to 64 calls.
    error ProposalCallCountInvalid(uint256 count);

    /// @notice Opens a proposal and counts the proposer's approval. Governors only.
    function propose(Call[] calldata calls_) external returns (uint256 number);

    /// @notice Approves an open proposal. Governors only.
    function approve(uint256 number) external;

    /// @notice Makes the calls in their order, once enough current governors have approved. Governors only.
    function execute(uint256 number) external;

    /// @notice Opens and executes at once; works where the threshold is 1.
    function proposeAndExecute(Call[] calldata calls_) external returns (uint256 number);

    /// @notice Adds a governor. The council itself only.
    function addGovernor(address governor) external;

    /// @notice Removes a governor; refused when fewer than the threshold would remain. The council itself only.
    function removeGovernor(address governor) external;

    /// @notice Sets how many must approve. The council itself only.
    function setThreshold(uint256 threshold_) external;

    /// @notice How many current governors must approve.
    function threshold() external view returns (uint256);

    /// @notice The current governors, in no particular order.
    function governors() external view returns (address[] memory);

    /// @notice Whether the address governs now.
    function isGovernor(address account) external view returns (bool);

    /// @notice How many proposals have been opened; also the number of the latest.
    function proposalCount() external view returns (uint256);

    /// @notice A proposal; `approvals` counts current governors only.
    function proposal(uint256 number)
        external
        view
        returns (State state, uint64 expiresAt, address proposer, bytes32 digest, uint256 approvals);

    /// @notice The calls of a proposal.
    function calls(uint256 number) external view returns (Call[] memory);

    /// @notice Whether the governor's approval of this proposal counts now.
    function hasApproved(uint256 number, address governor) external view returns (bool);

    /// @notice keccak256(abi.encode(chain id, this council, number, calls)): what an approval belongs to.
    function callsDigest(uint256 number, Call[] calldata calls_) external view returns (bytes32);
}
